//! Roles that others use too, and trust policies that are written at the same time.

use super::*;

#[tokio::test(start_paused = true)]
async fn dead_principals_are_named_where_the_trust_policy_would_be_too_long() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    let dead = json!({"Sid": "Dead", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "AROAJ2ABCDEFGHIJKLMNO"}});
    let mut others: Vec<Value> = (0..16)
        .map(|number| {
            json!({"Sid": format!("S{number}"), "Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"Service": "ec2.amazonaws.com"}})
        })
        .collect();
    others.push(dead);
    let trust = json!({"Version": "2012-10-17", "Statement": others});
    world.iam.add_role("/", ROLE, &trust);
    let error = world.plan().await.unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    let told = "names AROAJ2ABCDEFGHIJKLMNO, which does not exist any more, and nobody else";
    let is_told = |it: &String| it.starts_with("Dead (") && it.ends_with(told);
    assert!(error.because.iter().any(is_told), "{error:?}");
    // Once it is gone there is room.
    assert_eq!(
        error.hints[0],
        "remove the statements that name nobody else from the trust policy"
    );
    let mut trust = trust;
    trust["Statement"].as_array_mut().unwrap().pop();
    world.iam.add_role("/", ROLE, &trust);
    world.setup().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_higher_quota_of_the_account_counts() {
    let world = TestWorld::hetzner();
    world.iam.quota.set(8192);
    let long: Vec<Value> = (0..20)
        .map(|number| {
            json!({"Sid": format!("S{number}"), "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
        })
        .collect();
    world.iam.add_role(
        "/",
        ROLE,
        &json!({"Version": "2012-10-17", "Statement": long}),
    );
    world.setup().await.unwrap();
    assert_eq!(
        world.iam.trust_of(ROLE)["Statement"]
            .as_array()
            .unwrap()
            .len(),
        21
    );
}

#[tokio::test(start_paused = true)]
async fn replacing_takes_only_what_was_shown() {
    let request = SetupRequest {
        replace_trust: true,
        ..SetupRequest::default()
    };
    let world = TestWorld {
        request,
        ..TestWorld::hetzner()
    };
    let theirs = |sid: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    };
    world.iam.add_role("/", ROLE, &theirs("A"));
    change::apply(
        &mut world.cluster.borrow_mut(),
        &[
            change::Change::set(&["awsWorkloadIdentity"], json!({})),
            change::Change::set(
                &["awsECR", "roleArn"],
                json!(format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}")),
            ),
        ],
    );
    world.publish();
    let plan = world.plan().await.unwrap();
    world
        .iam
        .change(|content| content.roles.get_mut(ROLE).unwrap().trust = theirs("B").to_string());
    let permit = Permit::for_a_test();
    let mut applier = Applier::new(&*world.iam, &permit, "me", StepOptions::default());
    let step = plan
        .steps
        .iter()
        .find(|step| step.part == AwsPart::Trust)
        .unwrap();
    assert_eq!(applier.run(step).await.unwrap_err().kind, Kind::Conflict);
    let outcomes = world.setup().await.unwrap();
    assert_eq!(
        world.iam.trust_of(ROLE)["Statement"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let previous = outcomes.iter().find_map(|it| it.previous_trust.clone());
    assert_eq!(previous, Some(theirs("B")));
    assert!(world.plan().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_previous_trust_policy_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut world = TestWorld::hetzner();
    world.options.backup = Some(home.path().join("trust"));
    let theirs = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    world.iam.add_role("/", ROLE, &theirs);
    let outcomes = world.setup().await.unwrap();
    let copy = outcomes.iter().find_map(|it| it.backup.clone()).unwrap();
    assert_eq!(
        std::fs::read_to_string(copy.path).unwrap(),
        theirs.to_string()
    );
    world.setup().await.unwrap();
    assert_eq!(
        std::fs::read_dir(home.path().join("trust"))
            .unwrap()
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_shared_by_two_clusters_loses_only_one_of_them() {
    let request = SetupRequest {
        role_name: Some("shared".into()),
        ..SetupRequest::default()
    };
    let one = TestWorld {
        request: request.clone(),
        ..TestWorld::hetzner()
    };
    one.setup().await.unwrap();
    let mut other = TestWorld {
        request,
        ..TestWorld::hetzner()
    };
    other.cluster.borrow_mut()["name"] = json!("test");
    other.cluster.borrow_mut()["id"] = json!("id-2");
    other.iam = one.iam;
    other.setup().await.unwrap();
    let sids = |world: &TestWorld| -> Vec<Value> {
        let trust = world.iam.trust_of("shared");
        let statements = trust["Statement"].as_array().unwrap();
        statements.iter().map(|it| it["Sid"].clone()).collect()
    };
    let before = other.content();
    assert_eq!(sids(&other).len(), 2);

    let plan = other.teardown(Extent::default()).await.unwrap();
    assert_eq!(actions(&plan, AwsPart::Role), [StepAction::Keep]);
    let why = reason(&plan, AwsPart::Role);
    assert!(why.contains("other clusters use it: acme/prod"), "{why}");
    assert_eq!(actions(&plan, AwsPart::Policy), [StepAction::Keep]);
    assert_eq!(
        sids(&other),
        [json!(crate::aws::name::sid(ecr(), "acme", "id-1"))]
    );
    let after = other.content();
    assert_eq!(after.attached, before.attached);
    assert!(
        !after.roles["shared"]
            .tags
            .contains_key("mk8s.cpln/cluster/acme/test")
    );

    // The first cluster is the last to use it, so now it goes.
    let first = TestWorld {
        iam: other.iam,
        cluster: one.cluster,
        request: other.request,
        ..TestWorld::hetzner()
    };
    first.teardown(Extent::default()).await.unwrap();
    assert!(first.content().roles.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_at_once_end_as_one() {
    let reference = TestWorld::hetzner();
    reference.setup().await.unwrap();
    for lag in [0, 2] {
        let world = TestWorld::hetzner();
        world.iam.lag.set(lag);
        let (one, two) = tokio::join!(world.setup(), world.setup());
        one.unwrap();
        two.unwrap();
        assert_eq!(world.content(), reference.content());
    }
}

#[tokio::test(start_paused = true)]
async fn two_clusters_that_share_a_role_do_not_lose_each_other() {
    for lag in [0, 1, 3] {
        let request = SetupRequest {
            role_name: Some("shared".into()),
            ..SetupRequest::default()
        };
        let one = TestWorld {
            request: request.clone(),
            ..TestWorld::hetzner()
        };
        let theirs = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        one.iam.add_role("/", "shared", &theirs);
        one.iam.lag.set(lag);
        let other = TestWorld {
            request,
            iam: Rc::clone(&one.iam),
            ..TestWorld::hetzner()
        };
        other.cluster.borrow_mut()["name"] = json!("test");
        other.cluster.borrow_mut()["id"] = json!("id-2");
        let (first, second) = tokio::join!(one.setup(), other.setup());
        first.unwrap();
        second.unwrap();
        let trust = one.iam.trust_of("shared");
        let statements = trust["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 3, "lag {lag}: {trust}");
        assert_eq!(statements[0], theirs["Statement"][0]);
        one.iam.lag.set(0);
        assert!(one.plan().await.unwrap().is_empty());
        assert!(other.plan().await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_was_overwritten_after_it_showed_is_put_back() {
    let world = TestWorld::hetzner();
    let theirs = |sid: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    };
    world.iam.add_role("/", ROLE, &theirs("A"));
    world.iam.overwrite.replace(Some(theirs("B")));
    world.setup().await.unwrap();
    let trust = world.iam.trust_of(ROLE);
    assert_eq!(trust["Statement"][0]["Sid"], "B");
    assert_eq!(trust["Statement"].as_array().unwrap().len(), 2);
    // And the other way round: a removal that is overwritten is done again.
    world.iam.log.borrow_mut().clear();
    world.iam.overwrite.replace(Some(trust));
    world.teardown(Extent::default()).await.unwrap();
    assert_eq!(world.iam.trust_of(ROLE), theirs("B"));
}
