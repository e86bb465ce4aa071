//! What teardown takes and what it leaves.

use super::*;

#[tokio::test(start_paused = true)]
async fn teardown_leaves_iam_as_it_was() {
    let world = TestWorld::hetzner();
    let before = world.content();
    let add_ons = world.add_ons();
    world.setup().await.unwrap();
    world.teardown(ALL).await.unwrap();
    assert_eq!(world.content(), before);
    assert_eq!(world.add_ons(), add_ons);
    let again = world.teardown_plan(ALL).await.unwrap();
    assert!(again.is_empty(), "{:?}", again.steps);
}

#[tokio::test(start_paused = true)]
async fn without_the_flag_provider_and_identity_stay() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    let plan = world.teardown(Extent::default()).await.unwrap();
    assert_eq!(actions(&plan, AwsPart::OidcProvider), [StepAction::Keep]);
    assert!(world.content().providers.contains_key(&provider_arn()));
    assert!(world.content().roles.is_empty());
    assert_eq!(world.add_ons(), json!({"awsWorkloadIdentity": {}}));
}

#[tokio::test(start_paused = true)]
async fn the_add_on_may_stay_without_its_role() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    let extent = Extent {
        addon: AddonExtent::WithoutRole,
        ..Extent::default()
    };
    world.teardown(extent).await.unwrap();
    assert_eq!(
        world.add_ons(),
        json!({"awsWorkloadIdentity": {}, "awsECR": {}})
    );
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_others_trust_stays_and_so_does_the_identity() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    world.iam.add_role("/", "pods", &template(ACCOUNT));
    let plan = world.teardown(ALL).await.unwrap();
    assert!(reason(&plan, AwsPart::OidcProvider).contains("role/pods trusts it"));
    assert_eq!(world.add_ons(), json!({"awsWorkloadIdentity": {}}));
    let unlisted = TestWorld::hetzner();
    unlisted.setup().await.unwrap();
    unlisted
        .iam
        .faults
        .replace(vec![FakeFault::always("iam:ListRoles", "AccessDenied")]);
    let plan = unlisted.teardown(ALL).await.unwrap();
    assert!(reason(&plan, AwsPart::OidcProvider).contains("iam:ListRoles is not allowed"));
}

#[tokio::test(start_paused = true)]
async fn a_role_with_anything_foreign_is_kept_with_the_reasons() {
    let world = TestWorld::hetzner();
    world.setup().await.unwrap();
    world.iam.change(|content| {
        content
            .policies
            .insert("arn:aws:iam::aws:policy/Foreign".into(), json!({}));
        content
            .attached
            .get_mut(ROLE)
            .unwrap()
            .insert("arn:aws:iam::aws:policy/Foreign".into());
        content
            .inline
            .entry(ROLE.into())
            .or_default()
            .insert("mine".into(), json!({}));
        content.profiles.insert(ROLE.into(), vec!["web".into()]);
    });
    let plan = world.teardown(Extent::default()).await.unwrap();
    let why = reason(&plan, AwsPart::Role);
    for part in [
        "Foreign was attached by others",
        "inline policy mine",
        "instance profile web",
    ] {
        assert!(why.contains(part), "{why}");
    }
    assert!(reason(&plan, AwsPart::Trust).contains("our statement is the only one"));
    assert!(world.iam.role_named(ROLE).is_some());
    assert!(!world.content().attached[ROLE].contains(READ_ONLY));
}
