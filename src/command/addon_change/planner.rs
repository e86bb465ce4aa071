//! What is done to each live cluster, decided anew from each read of it.

use crate::change;
use crate::cluster::Cluster;
use crate::control::WriteEffect;
use crate::control::settle::{ClusterPlanner, Write};
use crate::error::Result;
use crate::invocation::CommandFlags;
use crate::plan::{self, AddonRequest, Plan, TargetWords};
use serde_json::json;

/// How a live cluster is called.
pub(super) fn live_place(name: &str) -> TargetWords {
    TargetWords {
        words: format!("on `{name}`"),
        flags: CommandFlags::new().cluster(name),
    }
}

/// Plans the request on every read of a cluster.
pub(super) struct LivePlanner<'a> {
    pub(super) request: &'a AddonRequest,
    pub(super) name: &'a str,
}

impl LivePlanner<'_> {
    fn told(&self, not: &str) -> String {
        let (subject, was) = self.request.subject();
        let done = self.request.verb.done();
        format!("{subject} {was}{not} {done} on `{}`", self.name)
    }
}

impl ClusterPlanner for LivePlanner<'_> {
    type Plan = Plan;

    fn name(&self) -> &str {
        self.name
    }

    fn plan(&self, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, self.request, &live_place(self.name))
    }

    fn write(&self, plan: &Plan) -> Option<Write> {
        (!plan.is_empty())
            .then(|| Write::Patch(json!({"spec": {"addOns": change::patch(&plan.changes)}})))
    }

    fn not_done(&self) -> String {
        self.told(" not")
    }

    fn done(&self, _: WriteEffect) -> String {
        self.told("")
    }
}
