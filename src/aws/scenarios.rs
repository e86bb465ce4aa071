//! Whole runs of setup and teardown against IAM in memory, as the command layer will drive them.

use super::apply::{Applier, Options, StepOutcome};
use super::fake::{Content, Cut, Fake, Fault};
use super::grant::PolicyChoice;
use super::iam::Iam as _;
use super::plan::{Action, Plan, Work};
use super::setup::{self, Order, setup_plan};
use super::sides::{ecr, efs};
use super::state::{State, caller, look};
use super::status::{PartState, differs, status};
use super::target::tests::cluster;
use super::target::{ClusterFacts, Part, Request, Target, target};
use super::teardown::{self, AddonExtent, Extent, ProviderExtent, teardown_plan};
use super::thumbprint::PrivateCa;
use crate::addon::Side;
use crate::change;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::error::{Error, Kind};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "mk8s-acme-prod-ecr";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";

fn provider_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com/abc")
}

fn template(account: &str) -> Value {
    template_of(account, "abc")
}

fn template_of(account: &str, path: &str) -> Value {
    let issuer = format!("oidc.example.com/{path}");
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{issuer}:sub"): "system:serviceaccount:kube-system:ecr",
            format!("{issuer}:aud"): "sts.amazonaws.com"
        }}
    }]})
}

/// A cluster that publishes its status as the platform does, and IAM beside it.
struct World {
    side: Side,
    cluster: RefCell<Value>,
    iam: Rc<Fake>,
    request: Request,
    order: Order,
    options: Options,
    /// The issuer's authority, as it is seen from here.
    private_ca: RefCell<Option<PrivateCa>>,
}

impl World {
    fn new(provider: &Value) -> Self {
        let mut cluster = cluster(provider, &json!({}), &json!({})).into_value();
        cluster["status"] = json!({});
        Self {
            side: ecr(),
            cluster: RefCell::new(cluster),
            iam: Rc::new(Fake::new(ACCOUNT, "aws")),
            request: Request::default(),
            order: Order::AddonFirst,
            options: Options::default(),
            private_ca: RefCell::new(None),
        }
    }

    fn hetzner() -> Self {
        Self::new(&json!({"hetzner": {}}))
    }

    /// Publishes what the add-ons promise.
    fn publish(&self) {
        let mut cluster = self.cluster.borrow_mut();
        let is_on = |cluster: &Value, key: &str| !cluster["spec"]["addOns"][key].is_null();
        let mut status = json!({});
        // Every cluster has an issuer of its own.
        let path = match cluster["name"].as_str() {
            Some("prod") | None => "abc",
            Some(name) => name,
        };
        if is_on(&cluster, "awsWorkloadIdentity") {
            status["oidcProviderUrl"] = json!(format!("https://oidc.example.com/{path}"));
        }
        let key = self.side.key();
        if is_on(&cluster, key) {
            status["addOns"][key]["trustPolicy"] = template_of("<ACCOUNT_ID>", path);
        }
        cluster["status"] = status;
    }

    fn facts(&self) -> ClusterFacts {
        let cluster = Cluster::new(self.cluster.borrow().clone());
        let mut facts = ClusterFacts::read(self.side, "acme", &cluster).unwrap();
        // Nobody is looked at before it is there.
        let shown = self.private_ca.borrow().clone();
        facts.private_ca = shown.filter(|_| facts.issuer.is_some());
        facts
    }

    async fn plan(&self) -> Result<Plan, Error> {
        let facts = self.facts();
        let caller = caller(&*self.iam).await?;
        let target = target(&facts, &self.request, &caller, "was not set up")?;
        let state = look(
            &*self.iam,
            &facts,
            &target,
            &setup::look_for(&self.request, &target),
        )
        .await?;
        setup_plan(&facts, &self.request, &target, &state, self.order)
    }

    async fn state(&self) -> (ClusterFacts, Target, State) {
        let facts = self.facts();
        let caller = caller(&*self.iam).await.unwrap();
        let target = target(&facts, &self.request, &caller, "x").unwrap();
        let state = look(
            &*self.iam,
            &facts,
            &target,
            &setup::look_for(&self.request, &target),
        )
        .await
        .unwrap();
        (facts, target, state)
    }

    /// Sets up as a whole: plan, run up to what must be waited for, plan again.
    async fn setup(&self) -> Result<Vec<StepOutcome>, Error> {
        let permit = Permit::for_a_test();
        let who = self.iam.caller.arn.clone();
        let mut applier = Applier::new(&*self.iam, &permit, &who, self.options.clone());
        let mut outcomes = Vec::new();
        for _ in 0..4 {
            let plan = self.plan().await?;
            for step in &plan.steps {
                match &step.work {
                    Work::Later(_) => break,
                    Work::Cluster(changes) => {
                        change::apply(&mut self.cluster.borrow_mut(), changes);
                        self.publish();
                    }
                    _ => outcomes.push(applier.run(step).await?),
                }
            }
            if plan.awaited().is_none() {
                return Ok(outcomes);
            }
        }
        panic!("the plan never ends");
    }

    async fn teardown_plan(&self, extent: Extent) -> Result<Plan, Error> {
        let facts = self.facts();
        let caller = caller(&*self.iam).await?;
        let target = target(&facts, &self.request, &caller, "was not taken down")?;
        let state = look(&*self.iam, &facts, &target, &teardown::look_for(extent)).await?;
        teardown_plan(&facts, &target, &state, extent)
    }

    async fn teardown(&self, extent: Extent) -> Result<Plan, Error> {
        let permit = Permit::for_a_test();
        let who = self.iam.caller.arn.clone();
        let mut applier = Applier::new(&*self.iam, &permit, &who, self.options.clone());
        let plan = self.teardown_plan(extent).await?;
        for step in &plan.steps {
            if let Work::Cluster(changes) = &step.work {
                change::apply(&mut self.cluster.borrow_mut(), changes);
                self.publish();
            } else {
                applier.run(step).await?;
            }
        }
        Ok(plan)
    }

    fn content(&self) -> Content {
        self.iam.now.borrow().clone()
    }

    fn add_ons(&self) -> Value {
        self.cluster.borrow()["spec"]["addOns"].clone()
    }
}

const ALL: Extent = Extent {
    provider: ProviderExtent::Remove,
    addon: AddonExtent::Off,
};

fn actions(plan: &Plan, part: Part) -> Vec<Action> {
    let steps = plan.steps.iter().filter(|step| step.part == part);
    steps.map(|step| step.action).collect()
}

fn reason(plan: &Plan, part: Part) -> String {
    let mut steps = plan.steps.iter().filter(|step| step.part == part);
    steps
        .find_map(|step| step.reason.clone())
        .unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_no_page_lists_is_warned_about_and_set_up() {
    for (provider, silent) in [("gcp", false), ("linode", true)] {
        let world = World::new(&json!({provider: {}}));
        let said = |plan: &Plan, name: &str| {
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
    for order in [Order::AddonFirst, Order::RoleFirst] {
        let world = World {
            order,
            ..World::hetzner()
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
    let world = World::hetzner();
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
    let world = World::hetzner();
    let plan = world.plan().await.unwrap();
    assert_eq!(world.iam.writes(), Vec::<&str>::new());
    assert_eq!(plan.counts(), (5, 0, 0));
    assert!(plan.awaited().is_some());
}

#[tokio::test(start_paused = true)]
async fn teardown_leaves_iam_as_it_was() {
    let world = World::hetzner();
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
    let world = World::hetzner();
    world.setup().await.unwrap();
    let plan = world.teardown(Extent::default()).await.unwrap();
    assert_eq!(actions(&plan, Part::OidcProvider), [Action::Keep]);
    assert!(world.content().providers.contains_key(&provider_arn()));
    assert!(world.content().roles.is_empty());
    assert_eq!(world.add_ons(), json!({"awsWorkloadIdentity": {}}));
}

#[tokio::test(start_paused = true)]
async fn the_add_on_may_stay_without_its_role() {
    let world = World::hetzner();
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
async fn killed_at_any_call_and_run_again_the_end_is_the_same() {
    for order in [Order::AddonFirst, Order::RoleFirst] {
        let reference = World {
            order,
            ..World::hetzner()
        };
        reference.setup().await.unwrap();
        let calls = reference.iam.log.borrow().len();
        for call in 1..=calls {
            for after in [false, true] {
                let world = World {
                    order,
                    ..World::hetzner()
                };
                world.iam.cut.set(Some(Cut { call, after }));
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
        let mut world = World::hetzner();
        world.request.thumbprint = Some(hex('a'));
        world.iam.change(|content| {
            let provider = super::iam::Provider {
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
            world.iam.cut.set(Some(Cut { call, after }));
            assert!(world.setup().await.is_err(), "{call} {after}");
            world.iam.cut.set(None);
            world.setup().await.unwrap();
            assert_eq!(world.content(), reference.content(), "{call} {after}");
            assert!(world.plan().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_beside_a_role_that_is_set_is_said_to_be_of_no_use() {
    let world = World::hetzner();
    world.setup().await.unwrap();
    for (path, warnings) in [("/", 0), ("/team/", 1)] {
        let request = Request {
            role_path: Some(path.into()),
            ..Request::default()
        };
        let (facts, _, state) = world.state().await;
        let caller = caller(&*world.iam).await.unwrap();
        let target = target(&facts, &request, &caller, "x").unwrap();
        let plan = setup_plan(&facts, &request, &target, &state, Order::AddonFirst).unwrap();
        assert!(plan.is_empty());
        let told = plan.warnings.iter().filter(|it| it.contains("--role-path"));
        assert_eq!(told.count(), warnings, "{path}: {:?}", plan.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn a_teardown_killed_at_any_call_ends_the_same() {
    let whole = World::hetzner();
    whole.setup().await.unwrap();
    let start = whole.iam.log.borrow().len();
    whole.teardown(ALL).await.unwrap();
    let end = whole.iam.log.borrow().len();
    for call in start + 1..=end {
        for after in [false, true] {
            let world = World::hetzner();
            world.setup().await.unwrap();
            world.iam.cut.set(Some(Cut { call, after }));
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
        let world = World::hetzner();
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
            world.iam.cut.set(Some(Cut { call, after }));
            assert!(world.setup().await.is_err());
            world.iam.cut.set(None);
            world.setup().await.unwrap();
            assert_eq!(world.content(), reference.content(), "{call} {after}");
        }
    }
    let plan = reference.teardown(ALL).await.unwrap();
    assert_eq!(actions(&plan, Part::Trust), [Action::Update]);
    assert_eq!(actions(&plan, Part::Policy), [Action::Detach]);
    assert_eq!(actions(&plan, Part::Role), [Action::Keep]);
    assert_eq!(
        reason(&plan, Part::Role),
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
    let lost = |action| Fault {
        after: true,
        ..Fault::new(action, "ServiceFailure")
    };
    for faults in [
        vec![Fault {
            times: 3,
            ..Fault::new("iam:CreateRole", "Throttling")
        }],
        vec![Fault::new("iam:AttachRolePolicy", "ConcurrentModification")],
        vec![
            lost("iam:CreateOpenIDConnectProvider"),
            lost("iam:CreateRole"),
            lost("iam:AttachRolePolicy"),
        ],
        vec![Fault {
            message: "Invalid principal in policy",
            ..Fault::new("iam:CreateRole", "MalformedPolicyDocument")
        }],
        vec![Fault::new("iam:AttachRolePolicy", "NoSuchEntity")],
        vec![Fault::new("iam:GetRole", "ServiceUnavailable")],
    ] {
        let is_first_read = faults[0].action == "iam:GetRole";
        let reference = World::hetzner();
        reference.setup().await.unwrap();
        let world = World::hetzner();
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
    let world = World::hetzner();
    world
        .iam
        .faults
        .replace(vec![Fault::always("iam:CreateRole", "Throttling")]);
    let start = tokio::time::Instant::now();
    let error = world.setup().await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(
        start.elapsed() < Duration::from_secs(70),
        "{:?}",
        start.elapsed()
    );
    let world = World::hetzner();
    world.iam.lag.set(10_000);
    assert_eq!(world.setup().await.unwrap_err().kind, Kind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_named_and_the_next_run_goes_on() {
    let world = World::hetzner();
    world.iam.faults.replace(vec![Fault {
        message: "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: iam:AttachRolePolicy \
                  on resource: role mk8s because no identity-based policy allows it",
        ..Fault::new("iam:AttachRolePolicy", "AccessDenied")
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
    let world = World::hetzner();
    world.iam.faults.replace(vec![
        Fault::always("iam:GetOpenIDConnectProvider", "AccessDenied"),
        Fault::always("iam:GetRole", "AccessDenied"),
        Fault::always("iam:ListAttachedRolePolicies", "AccessDenied"),
    ]);
    let outcomes = world.setup().await.unwrap();
    assert!(outcomes.iter().flat_map(|it| &it.warnings).count() >= 3);
    assert!(world.content().attached[ROLE].contains(READ_ONLY));
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_the_audience_gets_it_and_keeps_its_tags() {
    let world = World::hetzner();
    world.iam.change(|content| {
        content.providers.insert(
            provider_arn(),
            super::iam::Provider {
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
        reason(&plan, Part::OidcProvider),
        "it was not made by mk8s for this cluster"
    );
    assert!(world.content().providers.contains_key(&provider_arn()));
}

fn hex(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// An issuer that serves its own certificate `9` and that of this authority.
fn private_ca(digit: char) -> PrivateCa {
    PrivateCa::of_chain(vec![hex('9'), hex(digit)]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_thumbprint_is_registered_only_where_it_is_named() {
    let mut world = World::hetzner();
    world.iam.lag.set(2);
    // What is seen from here may be a proxy's.
    world.private_ca.replace(Some(private_ca('a')));
    world.setup().await.unwrap();
    let thumbprints = |world: &World| {
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
    let world = World::hetzner();
    let near = format!("{}/", provider_arn());
    world.iam.change(|content| {
        content
            .providers
            .insert(near.clone(), super::iam::Provider::default())
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
    let world =
        World::new(&json!({"aws": {"deployRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/d")}}));
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
    let request = Request {
        only: Some(Part::Role),
        ..Request::default()
    };
    let world = World { request, ..world };
    assert_eq!(world.plan().await.unwrap_err().kind, Kind::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_role_elsewhere_is_adopted_with_its_true_arn() {
    let request = Request {
        role_name: Some("shared".into()),
        ..Request::default()
    };
    let world = World {
        request,
        ..World::hetzner()
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
    assert_eq!(actions(&plan, Part::Role), [Action::Adopt]);
    world.setup().await.unwrap();
    // Trust and permission are there: nothing is written to the role, not even a tag.
    assert_eq!(world.iam.writes(), ["iam:CreateOpenIDConnectProvider"]);
    assert_eq!(
        world.add_ons()["awsECR"]["roleArn"],
        format!("arn:aws:iam::{ACCOUNT}:role/team/Shared")
    );
    let plan = world.teardown(Extent::default()).await.unwrap();
    assert_eq!(reason(&plan, Part::Trust), "statement 1 was made by hand");
    assert_eq!(world.iam.trust_of("shared"), by_hand);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_may_not_be_set_is_done_without() {
    let world = World::hetzner();
    world.iam.add_role(
        "/",
        ROLE,
        &json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}),
    );
    world
        .iam
        .faults
        .replace(vec![Fault::always("iam:TagRole", "AccessDenied")]);
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
        let world = World::hetzner();
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
async fn dead_principals_are_named_where_the_trust_policy_would_be_too_long() {
    let world = World::hetzner();
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
    let world = World::hetzner();
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
    let request = Request {
        replace_trust: true,
        ..Request::default()
    };
    let world = World {
        request,
        ..World::hetzner()
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
    let mut applier = Applier::new(&*world.iam, &permit, "me", Options::default());
    let step = plan
        .steps
        .iter()
        .find(|step| step.part == Part::Trust)
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
    let mut world = World::hetzner();
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
    let request = Request {
        role_name: Some("shared".into()),
        ..Request::default()
    };
    let one = World {
        request: request.clone(),
        ..World::hetzner()
    };
    one.setup().await.unwrap();
    let mut other = World {
        request,
        ..World::hetzner()
    };
    other.cluster.borrow_mut()["name"] = json!("test");
    other.cluster.borrow_mut()["id"] = json!("id-2");
    other.iam = one.iam;
    other.setup().await.unwrap();
    let sids = |world: &World| -> Vec<Value> {
        let trust = world.iam.trust_of("shared");
        let statements = trust["Statement"].as_array().unwrap();
        statements.iter().map(|it| it["Sid"].clone()).collect()
    };
    let before = other.content();
    assert_eq!(sids(&other).len(), 2);

    let plan = other.teardown(Extent::default()).await.unwrap();
    assert_eq!(actions(&plan, Part::Role), [Action::Keep]);
    let why = reason(&plan, Part::Role);
    assert!(why.contains("other clusters use it: acme/prod"), "{why}");
    assert_eq!(actions(&plan, Part::Policy), [Action::Keep]);
    assert_eq!(
        sids(&other),
        [json!(super::name::sid(ecr(), "acme", "id-1"))]
    );
    let after = other.content();
    assert_eq!(after.attached, before.attached);
    assert!(
        !after.roles["shared"]
            .tags
            .contains_key("mk8s.cpln/cluster/acme/test")
    );

    // The first cluster is the last to use it, so now it goes.
    let first = World {
        iam: other.iam,
        cluster: one.cluster,
        request: other.request,
        ..World::hetzner()
    };
    first.teardown(Extent::default()).await.unwrap();
    assert!(first.content().roles.is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_a_part_is_made() {
    let request = Request {
        only: Some(Part::OidcProvider),
        ..Request::default()
    };
    let world = World {
        request,
        ..World::hetzner()
    };
    change::apply(
        &mut world.cluster.borrow_mut(),
        &[change::Change::set(&["awsWorkloadIdentity"], json!({}))],
    );
    world.publish();
    world.setup().await.unwrap();
    assert_eq!(world.iam.writes(), ["iam:CreateOpenIDConnectProvider"]);
    for (part, kind) in [
        (Part::Trust, Kind::Refused),
        (Part::Role, Kind::Refused),
        (Part::Policy, Kind::NotFound),
    ] {
        let request = Request {
            only: Some(part),
            ..Request::default()
        };
        let world = World {
            request,
            ..World::hetzner()
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
        let pull = Request {
            pull_policy: Some(PolicyChoice::parse(ecr(), &policy).unwrap()),
            role_name: Some("shared".into()),
            ..Request::default()
        };
        let boundary = Request {
            boundary: Some(policy.clone()),
            ..Request::default()
        };
        let mut requests = vec![pull];
        // Whether a boundary exists is left to IAM.
        requests.extend((kind == Kind::Refused).then_some(boundary));
        for request in requests {
            let mut world = World::hetzner();
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
async fn a_provider_that_others_trust_stays_and_so_does_the_identity() {
    let world = World::hetzner();
    world.setup().await.unwrap();
    world.iam.add_role("/", "pods", &template(ACCOUNT));
    let plan = world.teardown(ALL).await.unwrap();
    assert!(reason(&plan, Part::OidcProvider).contains("role/pods trusts it"));
    assert_eq!(world.add_ons(), json!({"awsWorkloadIdentity": {}}));
    let unlisted = World::hetzner();
    unlisted.setup().await.unwrap();
    unlisted
        .iam
        .faults
        .replace(vec![Fault::always("iam:ListRoles", "AccessDenied")]);
    let plan = unlisted.teardown(ALL).await.unwrap();
    assert!(reason(&plan, Part::OidcProvider).contains("iam:ListRoles is not allowed"));
}

#[tokio::test(start_paused = true)]
async fn a_role_with_anything_foreign_is_kept_with_the_reasons() {
    let world = World::hetzner();
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
    let why = reason(&plan, Part::Role);
    for part in [
        "Foreign was attached by others",
        "inline policy mine",
        "instance profile web",
    ] {
        assert!(why.contains(part), "{why}");
    }
    assert!(reason(&plan, Part::Trust).contains("our statement is the only one"));
    assert!(world.iam.role_named(ROLE).is_some());
    assert!(!world.content().attached[ROLE].contains(READ_ONLY));
}

#[tokio::test(start_paused = true)]
async fn status_tells_each_difference() {
    let world = World::hetzner();
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
    let found: Vec<(Part, PartState)> = status(&facts, &target, &state)
        .iter()
        .map(|it| (it.part, it.state))
        .collect();
    assert_eq!(
        found,
        [
            (Part::Addon, PartState::Present),
            (Part::OidcProvider, PartState::Different),
            (Part::Addon, PartState::Present),
            (Part::Role, PartState::Present),
            (Part::Trust, PartState::Different),
            (Part::Policy, PartState::Missing),
        ]
    );
    assert_eq!(facts.side, ecr());
    world.setup().await.unwrap();
    let (facts, target, state) = world.state().await;
    assert!(!differs(&status(&facts, &target, &state)));
}

#[tokio::test(start_paused = true)]
async fn two_at_once_end_as_one() {
    let reference = World::hetzner();
    reference.setup().await.unwrap();
    for lag in [0, 2] {
        let world = World::hetzner();
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
        let request = Request {
            role_name: Some("shared".into()),
            ..Request::default()
        };
        let one = World {
            request: request.clone(),
            ..World::hetzner()
        };
        let theirs = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        one.iam.add_role("/", "shared", &theirs);
        one.iam.lag.set(lag);
        let other = World {
            request,
            iam: Rc::clone(&one.iam),
            ..World::hetzner()
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
    let world = World::hetzner();
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

/// What of an add-on's AWS half is in the catalogue is all that it takes to make it, to see it, and to
/// take it down again.
#[tokio::test(start_paused = true)]
async fn a_second_side_is_made_shown_and_taken_down_by_its_data_alone() {
    let driver = "arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy";
    let home = json!({"aws": {"region": "eu-central-1", "deployRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy")}});
    for provider in [json!({"hetzner": {}}), home] {
        let world = World {
            side: efs(),
            ..World::new(&provider)
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
