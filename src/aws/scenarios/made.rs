//! What setup makes, and what status says of it.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_provider_that_no_page_lists_is_warned_about_and_set_up() {
    for (provider, silent) in [("gcp", false), ("linode", true)] {
        let world = TestWorld::new(&json!({provider: {}}));
        let said = |plan: &AwsPlan, name: &str| {
            let text = format!("{name} is not documented for linode");
            plan.warnings.iter().any(|it| it.starts_with(&text))
        };
        let plan = world.plan().await.unwrap();
        assert_eq!(said(&plan, "aws-ecr"), silent, "{:?}", plan.warnings);
        assert_eq!(said(&plan, "aws-workload-identity"), silent);
        world.setup().await.unwrap();
        let plan = world.plan().await.unwrap();
        assert!(plan.is_empty());
        assert_eq!(said(&plan, "aws-ecr"), silent);
        assert!(!said(&plan, "aws-workload-identity"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bare_cluster_gets_everything_and_a_second_run_writes_nothing() {
    for order in [SetupOrder::AddonFirst, SetupOrder::RoleFirst] {
        let world = TestWorld {
            order,
            ..TestWorld::hetzner()
        };
        world.setup().await.unwrap();
        let content = world.content();
        let provider = &content.providers[&provider_arn()];
        assert_eq!(provider.client_ids, ["sts.amazonaws.com"]);
        assert_eq!(provider.tags["mk8s.cpln/cluster"], "prod");
        let role = world.iam.role_named(ROLE).unwrap();
        assert_eq!(role.tags["mk8s.cpln/managed-by"], "mk8s");
        assert!(content.attached[ROLE].contains(READ_ONLY));
        let sid = world.facts().sid().unwrap();
        let mut wanted = template(ACCOUNT);
        wanted["Statement"][0]["Sid"] = json!(sid);
        assert_eq!(world.iam.trust_of(ROLE), wanted, "{order:?}");
        assert_eq!(world.add_ons()["awsECR"]["roleArn"], role.arn);

        let before = world.iam.writes().len();
        world.setup().await.unwrap();
        assert_eq!(world.iam.writes().len(), before, "{order:?}");
        assert_eq!(world.content(), content);
        let plan = world.plan().await.unwrap();
        assert!(plan.is_empty());
        assert_eq!(plan.counts(), (0, 0, 6));
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_run_makes_three_writes() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    assert_eq!(
        world.iam.writes(),
        [
            "iam:CreateOpenIDConnectProvider",
            "iam:CreateRole",
            "iam:AttachRolePolicy"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn planning_writes_nothing() {
    let world = TestWorld::hetzner();
    let plan = world.plan().await.unwrap();
    assert_eq!(world.iam.writes(), Vec::<&str>::new());
    assert_eq!(plan.counts(), (5, 0, 0));
    assert!(plan.awaited().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_path_beside_a_role_that_is_set_is_said_to_be_of_no_use() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    for (path, warnings) in [("/", 0), ("/team/", 1)] {
        let request = SetupRequest {
            role_path: Some(path.into()),
            ..SetupRequest::default()
        };
        let (facts, _, state) = world.state().await;
        let caller = caller(&*world.iam).await.unwrap();
        let target = target(&facts, &request, &caller, "x").unwrap();
        let plan = setup_plan(&facts, &request, &target, &state, SetupOrder::AddonFirst).unwrap();
        assert!(plan.is_empty());
        let told = plan.warnings.iter().filter(|it| it.contains("--role-path"));
        assert_eq!(told.count(), warnings, "{path}: {:?}", plan.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_the_audience_gets_it_and_keeps_its_tags() {
    let world = TestWorld::hetzner();
    world.iam.change(|content| {
        content.providers.insert(
            provider_arn(),
            crate::aws::iam::OidcProvider {
                client_ids: vec!["other".into()],
                ..Default::default()
            },
        )
    });
    world.setup().await.unwrap();
    let provider = world.content().providers[&provider_arn()].clone();
    assert_eq!(provider.client_ids, ["other", "sts.amazonaws.com"]);
    assert!(provider.tags.is_empty());
    let plan = world.teardown(ALL).await.unwrap();
    assert_eq!(
        reason(&plan, AwsPart::OidcProvider),
        "it was not made by mk8s for this cluster"
    );
    assert!(world.content().providers.contains_key(&provider_arn()));
}

#[tokio::test(start_paused = true)]
async fn a_thumbprint_is_registered_only_where_it_is_named() {
    let mut world = TestWorld::hetzner();
    world.iam.lag.set(2);
    // What is seen from here may be a proxy's.
    world.private_ca.replace(Some(private_ca('a')));
    world.setup().await.unwrap();
    let thumbprints = |world: &TestWorld| {
        world.content().providers[&provider_arn()]
            .thumbprints
            .clone()
    };
    assert_eq!(thumbprints(&world), [""; 0]);
    let plan = world.plan().await.unwrap();
    assert!(plan.is_empty());
    let [warning] = &plan.warnings[..] else {
        panic!("{:?}", plan.warnings);
    };
    assert!(
        warning.contains(&format!(
            "as seen from here, its thumbprint is {};",
            hex('a')
        )) && warning.contains("it is the proxy's")
            && warning
                .ends_with("mk8s aws setup aws-ecr -c prod --only oidc-provider --thumbprint HEX`"),
        "{warning}"
    );
    let (facts, target, state) = world.state().await;
    let parts = status(&facts, &target, &state);
    assert!(!differs(&parts));
    assert_eq!(
        parts[1].detail,
        "audience sts.amazonaws.com, no public authority as seen from here"
    );

    // The one that is named, whatever is seen; others stay.
    world.request.thumbprint = Some(hex('b'));
    world.setup().await.unwrap();
    assert_eq!(thumbprints(&world), [hex('b')]);
    world.iam.change(|content| {
        let provider = content.providers.get_mut(&provider_arn()).unwrap();
        provider.thumbprints = "12345".chars().map(hex).collect();
    });
    let plan = world.plan().await.unwrap();
    let step = plan
        .steps
        .iter()
        .find(|it| it.work != Work::Nothing)
        .unwrap();
    assert_eq!(
        step.detail,
        format!(
            "adds thumbprint {} given by --thumbprint, keeps 4 others, drops {}, because 5 are \
             allowed",
            hex('b'),
            hex('1')
        )
    );
    world.setup().await.unwrap();
    assert_eq!(
        thumbprints(&world),
        "2345b".chars().map(hex).collect::<Vec<_>>()
    );
    let writes = world.iam.writes().len();
    world.setup().await.unwrap();
    assert_eq!(world.iam.writes().len(), writes);

    // One that IAM has already needs no flag, and no warning.
    world.request.thumbprint = None;
    world.private_ca.replace(Some(private_ca('b')));
    let plan = world.plan().await.unwrap();
    assert!(
        plan.is_empty() && plan.warnings.is_empty(),
        "{:?}",
        plan.warnings
    );
    world.teardown(ALL).await.unwrap();
    assert!(world.content().providers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn near_misses_are_named_and_the_right_provider_is_made() {
    let world = TestWorld::hetzner();
    let near = format!("{}/", provider_arn());
    world.iam.change(|content| {
        content
            .providers
            .insert(near.clone(), crate::aws::iam::OidcProvider::default())
    });
    change::apply(
        &mut world.cluster.borrow_mut(),
        &[change::Change::set(&["awsWorkloadIdentity"], json!({}))],
    );
    world.publish();
    let plan = world.plan().await.unwrap();
    assert!(
        plan.warnings
            .iter()
            .any(|it| it.contains(&near) && it.contains("a slash")),
        "{:?}",
        plan.warnings
    );
    world.setup().await.unwrap();
    assert_eq!(world.content().providers.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_home_account_needs_the_provider_only() {
    let world = TestWorld::new(
        &json!({"aws": {"deployRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/d")}}),
    );
    world.setup().await.unwrap();
    assert_eq!(world.iam.writes(), ["iam:CreateOpenIDConnectProvider"]);
    assert_eq!(world.add_ons()["awsECR"], json!({}));
    let (facts, target, state) = world.state().await;
    let parts = status(&facts, &target, &state);
    assert!(!differs(&parts), "{parts:?}");
    assert_eq!(
        parts
            .iter()
            .filter(|it| it.state == PartState::NotNeeded)
            .count(),
        3
    );
    let request = SetupRequest {
        only: Some(AwsPart::Role),
        ..SetupRequest::default()
    };
    let world = TestWorld { request, ..world };
    assert_eq!(world.plan().await.unwrap_err().kind, Kind::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_role_elsewhere_is_adopted_with_its_true_arn() {
    let request = SetupRequest {
        role_name: Some("shared".into()),
        ..SetupRequest::default()
    };
    let world = TestWorld {
        request,
        ..TestWorld::hetzner()
    };
    let by_hand = template(ACCOUNT);
    world.iam.add_role("/team/", "Shared", &by_hand);
    world.iam.change(|content| {
        content.inline.entry("shared".into()).or_default().insert(
            "pull".into(),
            json!({"Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}}),
        )
    });
    let plan = world.plan().await.unwrap();
    assert!(
        plan.warnings
            .iter()
            .any(|it| it.contains("role/team/Shared; that ARN is used")),
        "{:?}",
        plan.warnings
    );
    assert_eq!(actions(&plan, AwsPart::Role), [StepAction::Adopt]);
    world.setup().await.unwrap();
    // Trust and permission are there: nothing is written to the role, not even a tag.
    assert_eq!(world.iam.writes(), ["iam:CreateOpenIDConnectProvider"]);
    assert_eq!(
        world.add_ons()["awsECR"]["roleArn"],
        format!("arn:aws:iam::{ACCOUNT}:role/team/Shared")
    );
    let plan = world.teardown(Extent::default()).await.unwrap();
    assert_eq!(
        reason(&plan, AwsPart::Trust),
        "statement 1 was made by hand"
    );
    assert_eq!(world.iam.trust_of("shared"), by_hand);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_set_up_stops_before_the_first_write() {
    let denying = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Never", "Effect": "Deny",
        "Principal": "*", "Action": "sts:*"}]});
    let long: Vec<Value> = (0..40)
        .map(|number| {
            json!({"Sid": format!("S{number}"), "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
        })
        .collect();
    for (trust, because) in [
        (denying, "Never in the trust policy"),
        (
            json!({"Version": "2012-10-17", "Statement": long}),
            "allows 2048",
        ),
    ] {
        let world = TestWorld::hetzner();
        world.iam.add_role("/", ROLE, &trust);
        change::apply(
            &mut world.cluster.borrow_mut(),
            &[
                change::Change::set(&["awsWorkloadIdentity"], json!({})),
                change::Change::set(&["awsECR"], json!({})),
            ],
        );
        world.publish();
        let error = world.plan().await.unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        assert!(
            error.because.iter().any(|it| it.contains(because)),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_part_is_made() {
    let request = SetupRequest {
        only: Some(AwsPart::OidcProvider),
        ..SetupRequest::default()
    };
    let world = TestWorld {
        request,
        ..TestWorld::hetzner()
    };
    change::apply(
        &mut world.cluster.borrow_mut(),
        &[change::Change::set(&["awsWorkloadIdentity"], json!({}))],
    );
    world.publish();
    world.setup().await.unwrap();
    assert_eq!(world.iam.writes(), ["iam:CreateOpenIDConnectProvider"]);
    for (part, kind) in [
        (AwsPart::Trust, Kind::Refused),
        (AwsPart::Role, Kind::Refused),
        (AwsPart::Policy, Kind::NotFound),
    ] {
        let request = SetupRequest {
            only: Some(part),
            ..SetupRequest::default()
        };
        let world = TestWorld {
            request,
            ..TestWorld::hetzner()
        };
        let error = world.plan().await.unwrap_err();
        assert_eq!(error.kind, kind, "{part:?} {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_does_not_exist_is_not_found() {
    for (policy, kind) in [
        (
            format!("arn:aws:iam::{ACCOUNT}:policy/none"),
            Kind::NotFound,
        ),
        (
            "arn:aws:iam::aws:policy/NoSuchThing".to_owned(),
            Kind::NotFound,
        ),
        (
            "arn:aws-cn:iam::aws:policy/AdministratorAccess".to_owned(),
            Kind::Refused,
        ),
        (
            "arn:aws:iam::999999999999:policy/theirs".to_owned(),
            Kind::Refused,
        ),
    ] {
        let pull = SetupRequest {
            pull_policy: Some(PolicyChoice::parse(ecr(), &policy).unwrap()),
            role_name: Some("shared".into()),
            ..SetupRequest::default()
        };
        let boundary = SetupRequest {
            boundary: Some(policy.clone()),
            ..SetupRequest::default()
        };
        let mut requests = vec![pull];
        // Whether a boundary exists is left to IAM.
        requests.extend((kind == Kind::Refused).then_some(boundary));
        for request in requests {
            let mut world = TestWorld::hetzner();
            world.request = request;
            let caller = caller(&*world.iam).await.unwrap();
            let error = match target(&world.facts(), &world.request, &caller, "x") {
                Ok(_) => world.plan().await.unwrap_err(),
                Err(error) => error,
            };
            assert_eq!(error.kind, kind, "{policy}: {error:?}");
            assert!(world.iam.writes().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn status_tells_each_difference() {
    let world = TestWorld::hetzner();
    let (facts, target, state) = world.state().await;
    let parts = status(&facts, &target, &state);
    assert!(differs(&parts));
    world.setup().await.unwrap();
    let (facts, target, state) = world.state().await;
    let parts = status(&facts, &target, &state);
    assert!(
        parts.iter().all(|it| it.state == PartState::Present),
        "{parts:?}"
    );
    world.iam.change(|content| {
        content.attached.clear();
        content
            .providers
            .get_mut(&provider_arn())
            .unwrap()
            .client_ids
            .clear();
        let role = content.roles.get_mut(ROLE).unwrap();
        role.trust = role.trust.replace("kube-system:ecr", "kube-system:other");
    });
    let (facts, target, state) = world.state().await;
    let found: Vec<(AwsPart, PartState)> = status(&facts, &target, &state)
        .iter()
        .map(|it| (it.part, it.state))
        .collect();
    assert_eq!(
        found,
        [
            (AwsPart::Addon, PartState::Present),
            (AwsPart::OidcProvider, PartState::Different),
            (AwsPart::Addon, PartState::Present),
            (AwsPart::Role, PartState::Present),
            (AwsPart::Trust, PartState::Different),
            (AwsPart::Policy, PartState::Missing),
        ]
    );
    assert_eq!(facts.side, ecr());
    world.setup().await.unwrap();
    let (facts, target, state) = world.state().await;
    assert!(!differs(&status(&facts, &target, &state)));
}

/// What of an add-on's AWS half is in the catalogue is all that it takes to make it, to see it, and to
/// take it down again.
#[tokio::test(start_paused = true)]
async fn a_second_side_is_made_shown_and_taken_down_by_its_data_alone() {
    let driver = "arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy";
    let home = json!({"aws": {"region": "eu-central-1", "deployRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy")}});
    for provider in [json!({"hetzner": {}}), home] {
        let world = TestWorld {
            side: efs(),
            ..TestWorld::new(&provider)
        };
        for content in [&world.iam.now, &world.iam.shown] {
            let policies = &mut content.borrow_mut().policies;
            policies.insert(driver.to_owned(), json!({}));
        }
        let look = async || {
            let (facts, target, state) = world.state().await;
            status(&facts, &target, &state)
        };
        assert!(differs(&look().await));
        world.setup().await.unwrap();
        let parts = look().await;
        assert!(!differs(&parts), "{parts:?}");
        let policy = parts.last().unwrap();
        assert_eq!(policy.resource, driver);
        assert_eq!(policy.detail, "allows mounts");
        // A role on every cluster, at home as well; in its name, its Sid, its tags and its words.
        let name = "mk8s-acme-prod-efs";
        let role = world.iam.role(name).await.unwrap().unwrap();
        assert!(role.trust.contains("Mk8sEfs"), "{}", role.trust);
        assert_eq!(role.tags["mk8s.cpln/addon"], "awsEFS");
        assert_eq!(
            world.cluster.borrow()["spec"]["addOns"]["awsEFS"]["roleArn"],
            json!(format!("arn:aws:iam::{ACCOUNT}:role/{name}"))
        );
        let attached = world.iam.attached(name).await.unwrap().unwrap();
        assert_eq!(attached, [driver]);
        assert!(world.plan().await.unwrap().is_empty());

        let all = Extent {
            provider: ProviderExtent::Remove,
            ..Extent::default()
        };
        world.teardown(all).await.unwrap();
        assert_eq!(world.iam.role(name).await.unwrap(), None);
        assert_eq!(world.cluster.borrow()["spec"]["addOns"], json!({}));
        assert!(world.iam.providers().await.unwrap().is_empty());
    }
}
