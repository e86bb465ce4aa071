//! Whole runs of setup and teardown against IAM in memory, as the command layer will drive them.

mod broken;
mod made;
mod shared;
mod undone;

use crate::addon::AddonSide;
use crate::aws::apply::{Applier, StepOptions, StepOutcome};
use crate::aws::fake::{FakeContent, FakeEnd, FakeFault, FakeIam};
use crate::aws::grant::PolicyChoice;
use crate::aws::iam::Iam as _;
use crate::aws::plan::{AwsPlan, StepAction, Work};
use crate::aws::setup::{self, SetupOrder, setup_plan};
use crate::aws::sides::{ecr, efs};
use crate::aws::state::{AwsState, caller, look};
use crate::aws::status::{PartState, differs, status};
use crate::aws::target::tests::cluster;
use crate::aws::target::{AwsPart, AwsPlacement, ClusterFacts, SetupRequest, target};
use crate::aws::teardown::{self, AddonExtent, Extent, ProviderExtent, teardown_plan};
use crate::aws::thumbprint::PrivateCa;
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
struct TestWorld {
    side: AddonSide,
    cluster: RefCell<Value>,
    iam: Rc<FakeIam>,
    request: SetupRequest,
    order: SetupOrder,
    options: StepOptions,
    /// The issuer's authority, as it is seen from here.
    private_ca: RefCell<Option<PrivateCa>>,
}

impl TestWorld {
    fn new(provider: &Value) -> Self {
        let mut cluster = cluster(provider, &json!({}), &json!({})).into_value();
        cluster["status"] = json!({});
        Self {
            side: ecr(),
            cluster: RefCell::new(cluster),
            iam: Rc::new(FakeIam::new(ACCOUNT, "aws")),
            request: SetupRequest::default(),
            order: SetupOrder::AddonFirst,
            options: StepOptions::default(),
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

    async fn plan(&self) -> Result<AwsPlan, Error> {
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

    async fn state(&self) -> (ClusterFacts, AwsPlacement, AwsState) {
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

    async fn teardown_plan(&self, extent: Extent) -> Result<AwsPlan, Error> {
        let facts = self.facts();
        let caller = caller(&*self.iam).await?;
        let target = target(&facts, &self.request, &caller, "was not taken down")?;
        let state = look(&*self.iam, &facts, &target, &teardown::look_for(extent)).await?;
        teardown_plan(&facts, &target, &state, extent)
    }

    async fn teardown(&self, extent: Extent) -> Result<AwsPlan, Error> {
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

    fn content(&self) -> FakeContent {
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

fn actions(plan: &AwsPlan, part: AwsPart) -> Vec<StepAction> {
    let steps = plan.steps.iter().filter(|step| step.part == part);
    steps.map(|step| step.action).collect()
}

fn reason(plan: &AwsPlan, part: AwsPart) -> String {
    let mut steps = plan.steps.iter().filter(|step| step.part == part);
    steps
        .find_map(|step| step.reason.clone())
        .unwrap_or_default()
}

fn hex(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// An issuer that serves its own certificate `9` and that of this authority.
fn private_ca(digit: char) -> PrivateCa {
    PrivateCa::of_chain(vec![hex('9'), hex(digit)]).unwrap()
}
