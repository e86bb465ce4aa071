//! Runs that are cut short, slow answers and missing rights.

use super::*;

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_and_run_again_the_end_is_the_same() {
    for order in [SetupOrder::AddonFirst, SetupOrder::RoleFirst] {
        let reference = TestWorld {
            order,
            ..TestWorld::hetzner()
        };
        reference.setup().await.unwrap();
        let calls = reference.iam.log.borrow().len();
        for call in 1..=calls {
            for after in [false, true] {
                let world = TestWorld {
                    order,
                    ..TestWorld::hetzner()
                };
                world.iam.cut.set(Some(FakeEnd { call, after }));
                assert!(world.setup().await.is_err(), "{order:?} {call} {after}");
                world.iam.cut.set(None);
                world.setup().await.unwrap();
                assert_eq!(
                    world.content(),
                    reference.content(),
                    "{order:?} {call} {after}"
                );
                assert_eq!(world.add_ons(), reference.add_ons());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_completed_although_killed_at_any_call() {
    let begun = || {
        let mut world = TestWorld::hetzner();
        world.request.thumbprint = Some(hex('a'));
        world.iam.change(|content| {
            let provider = crate::aws::iam::OidcProvider {
                thumbprints: vec![hex('1')],
                ..Default::default()
            };
            content.providers.insert(provider_arn(), provider)
        });
        world
    };
    let reference = begun();
    reference.setup().await.unwrap();
    let provider = reference.content().providers[&provider_arn()].clone();
    assert_eq!(provider.client_ids, ["sts.amazonaws.com"]);
    assert_eq!(provider.thumbprints, [hex('1'), hex('a')]);
    let calls = reference.iam.log.borrow().len();
    for call in 1..=calls {
        for after in [false, true] {
            let world = begun();
            world.iam.cut.set(Some(FakeEnd { call, after }));
            assert!(world.setup().await.is_err(), "{call} {after}");
            world.iam.cut.set(None);
            world.setup().await.unwrap();
            assert_eq!(world.content(), reference.content(), "{call} {after}");
            assert!(world.plan().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_teardown_killed_at_any_call_ends_the_same() {
    let whole = TestWorld::hetzner();
    whole.setup().await.unwrap();
    let start = whole.iam.log.borrow().len();
    whole.teardown(ALL).await.unwrap();
    let end = whole.iam.log.borrow().len();
    for call in start + 1..=end {
        for after in [false, true] {
            let world = TestWorld::hetzner();
            world.setup().await.unwrap();
            world.iam.cut.set(Some(FakeEnd { call, after }));
            assert!(world.teardown(ALL).await.is_err(), "{call} {after}");
            world.iam.cut.set(None);
            world.teardown(ALL).await.unwrap();
            assert_eq!(world.content(), whole.content(), "{call} {after}");
            assert_eq!(world.add_ons(), whole.add_ons(), "{call} {after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shared_role_killed_at_any_call_ends_the_same() {
    let start = || {
        let world = TestWorld::hetzner();
        let foreign = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        world.iam.add_role("/", ROLE, &foreign);
        world
    };
    let reference = start();
    reference.setup().await.unwrap();
    let calls = reference.iam.log.borrow().len();
    let tags = reference.iam.role_named(ROLE).unwrap().tags;
    assert_eq!(tags.len(), 3, "{tags:?}");
    for call in 1..=calls {
        for after in [false, true] {
            let world = start();
            world.iam.cut.set(Some(FakeEnd { call, after }));
            assert!(world.setup().await.is_err());
            world.iam.cut.set(None);
            world.setup().await.unwrap();
            assert_eq!(world.content(), reference.content(), "{call} {after}");
        }
    }
    let plan = reference.teardown(ALL).await.unwrap();
    assert_eq!(actions(&plan, AwsPart::Trust), [StepAction::Update]);
    assert_eq!(actions(&plan, AwsPart::Policy), [StepAction::Detach]);
    assert_eq!(actions(&plan, AwsPart::Role), [StepAction::Keep]);
    assert_eq!(
        reason(&plan, AwsPart::Role),
        "it was not made by mk8s; its trust policy has 1 statement that is not ours"
    );
    let mut expected = start().content();
    expected
        .attached
        .insert(ROLE.to_owned(), std::collections::BTreeSet::new());
    assert_eq!(reference.content(), expected);
}

#[tokio::test(start_paused = true)]
async fn slow_iam_lost_answers_and_throttling_are_borne() {
    let lost = |action| FakeFault {
        after: true,
        ..FakeFault::new(action, "ServiceFailure")
    };
    for faults in [
        vec![FakeFault {
            times: 3,
            ..FakeFault::new("iam:CreateRole", "Throttling")
        }],
        vec![FakeFault::new(
            "iam:AttachRolePolicy",
            "ConcurrentModification",
        )],
        vec![
            lost("iam:CreateOpenIDConnectProvider"),
            lost("iam:CreateRole"),
            lost("iam:AttachRolePolicy"),
        ],
        vec![FakeFault {
            message: "Invalid principal in policy",
            ..FakeFault::new("iam:CreateRole", "MalformedPolicyDocument")
        }],
        vec![FakeFault::new("iam:AttachRolePolicy", "NoSuchEntity")],
        vec![FakeFault::new("iam:GetRole", "ServiceUnavailable")],
    ] {
        let is_first_read = faults[0].action == "iam:GetRole";
        let reference = TestWorld::hetzner();
        reference.setup().await.unwrap();
        let world = TestWorld::hetzner();
        world.iam.lag.set(3);
        world.iam.faults.replace(faults.clone());
        let outcome = world.setup().await;
        if is_first_read {
            // Reads before the plan are left to the SDK's own attempts.
            assert_eq!(outcome.unwrap_err().kind, Kind::Unavailable);
            continue;
        }
        let outcomes = outcome.unwrap();
        assert!(
            outcomes.iter().filter(|it| it.changed).count() >= 3,
            "{faults:?}"
        );
        assert_eq!(world.content(), reference.content(), "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends() {
    let world = TestWorld::hetzner();
    world
        .iam
        .faults
        .replace(vec![FakeFault::always("iam:CreateRole", "Throttling")]);
    let start = tokio::time::Instant::now();
    let error = world.setup().await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(
        start.elapsed() < Duration::from_secs(70),
        "{:?}",
        start.elapsed()
    );
    let world = TestWorld::hetzner();
    world.iam.lag.set(10_000);
    assert_eq!(world.setup().await.unwrap_err().kind, Kind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_named_and_the_next_run_goes_on() {
    let world = TestWorld::hetzner();
    world.iam.faults.replace(vec![FakeFault {
        message: "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: iam:AttachRolePolicy \
                  on resource: role mk8s because no identity-based policy allows it",
        ..FakeFault::new("iam:AttachRolePolicy", "AccessDenied")
    }]);
    let error = world.setup().await.unwrap_err();
    assert_eq!(
        error.message,
        format!("the role `{ROLE}` was created, its policy was not attached")
    );
    assert!(
        error.because[0].contains("iam:AttachRolePolicy"),
        "{error:?}"
    );
    assert!(error.hints[1].contains("continues where it stopped"));
    world.setup().await.unwrap();
    assert!(world.content().attached[ROLE].contains(READ_ONLY));
}

#[tokio::test(start_paused = true)]
async fn whoever_may_write_need_not_read() {
    let world = TestWorld::hetzner();
    world.iam.faults.replace(vec![
        FakeFault::always("iam:GetOpenIDConnectProvider", "AccessDenied"),
        FakeFault::always("iam:GetRole", "AccessDenied"),
        FakeFault::always("iam:ListAttachedRolePolicies", "AccessDenied"),
    ]);
    let outcomes = world.setup().await.unwrap();
    assert!(outcomes.iter().flat_map(|it| &it.warnings).count() >= 3);
    assert!(world.content().attached[ROLE].contains(READ_ONLY));
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_may_not_be_set_is_done_without() {
    let world = TestWorld::hetzner();
    world.iam.add_role(
        "/",
        ROLE,
        &json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}),
    );
    world
        .iam
        .faults
        .replace(vec![FakeFault::always("iam:TagRole", "AccessDenied")]);
    let outcomes = world.setup().await.unwrap();
    assert!(
        outcomes
            .iter()
            .flat_map(|it| &it.warnings)
            .any(|it| it.contains("could not be set"))
    );
    assert_eq!(
        world.iam.trust_of(ROLE)["Statement"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
