//! The table of calls. Data only; `surface` runs it.

use super::writing::{applying, changing};
use crate::support::manifests::{aws, cluster, hetzner};

/// One call of the client.
pub(super) struct Row {
    /// The words after `cpln`; `EDITOR=NAME` and `TOKEN=…` may stand before, `< FILE` behind them.
    pub(super) call: &'static str,
    pub(super) code: i32,
    /// Texts of stdout or stderr.
    pub(super) says: Vec<&'static str>,
    /// Texts that are in neither.
    pub(super) silent_on: Vec<&'static str>,
    /// A fault for this row only.
    pub(super) fault: &'static str,
    /// Cluster, JSON pointer, and the JSON that is there; empty for nothing.
    pub(super) then: Vec<(&'static str, &'static str, &'static str)>,
    /// Clusters that are not there.
    pub(super) gone: Vec<&'static str>,
    pub(super) remark: &'static str,
}

pub(super) fn row(call: &'static str) -> Row {
    Row {
        call,
        code: 0,
        says: Vec::new(),
        silent_on: Vec::new(),
        fault: "",
        then: Vec::new(),
        gone: Vec::new(),
        remark: "",
    }
}

impl Row {
    pub(super) fn fails(mut self) -> Self {
        self.code = 1;
        self
    }

    pub(super) fn says(mut self, text: &'static str) -> Self {
        self.says.push(text);
        self
    }

    pub(super) fn never(mut self, text: &'static str) -> Self {
        self.silent_on.push(text);
        self
    }

    pub(super) fn fault(mut self, fault: &'static str) -> Self {
        self.fault = fault;
        self
    }

    pub(super) fn then(
        mut self,
        cluster: &'static str,
        pointer: &'static str,
        json: &'static str,
    ) -> Self {
        self.then.push((cluster, pointer, json));
        self
    }

    pub(super) fn gone(mut self, cluster: &'static str) -> Self {
        self.gone.push(cluster);
        self
    }

    pub(super) fn remark(mut self, text: &'static str) -> Self {
        self.remark = text;
        self
    }
}

/// Rows that share a sandbox, in order.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) flags: &'static [&'static str],
    pub(super) clusters: Vec<String>,
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) rows: Vec<Row>,
}

/// All of it, in the order of the page.
pub(super) fn sections() -> [Section; 6] {
    [
        reading(),
        searching(),
        applying(),
        changing(),
        strict(),
        merging(),
    ]
}

pub(super) fn generic(name: &str, add_ons: &[&str]) -> String {
    cluster(name, "generic: {location: aws-eu-central-1}", add_ons)
}

fn reading() -> Section {
    Section {
        title: "Reading",
        about: "Clusters `edge` (Hetzner, headlamp on) and `prod` (AWS).",
        flags: &[],
        clusters: vec![hetzner("edge", &["headlamp: {}"]), aws("prod", &[])],
        files: vec![],
        rows: vec![
            row("mk8s get").says("edge").says("prod").says("ADDONS"),
            row("mk8s get edge").says("headlamp").never("prod"),
            row("mk8s get edge prod -o names").says("edge\nprod"),
            row("mk8s get edge -o text").says("|edge"),
            row("mk8s get edge -o json")
                .says("\"headlamp\": {}")
                .says("\"status\": {"),
            row("mk8s get edge -o json-slim")
                .says("\"headlamp\": {}")
                .never("\"status\"")
                .never("\"version\": 1,"),
            row("mk8s get edge -o yaml")
                .says("    headlamp: {}")
                .says("\nstatus:"),
            row("mk8s get edge -o yaml-slim")
                .says("    headlamp: {}")
                .never("\nstatus:"),
            row("mk8s get edge -o names").says("edge\n"),
            row("mk8s get edge -o crd")
                .says("kind: mk8s")
                .remark("Its exporter would make a resource of the Kubernetes operator; the sandbox has none, and the client prints YAML"),
            row("mk8s get edge -o tf")
                .says("\"kind\": \"mk8s\"")
                .remark("Its exporter would make a `cpln_mk8s`; the sandbox has none and answers with the cluster itself"),
            row("mk8s get -o json").says("\"itemKind\": \"mk8s\""),
            row("mk8s get -o json-slim")
                .says("\"itemKind\": \"mk8s\"")
                .never("\"status\""),
            row("mk8s get -o yaml").says("kind: list").says("\nlinks:"),
            row("mk8s get -o yaml-slim")
                .says("kind: list")
                .never("status:"),
            row("mk8s get -o names").says("edge\nprod\n"),
            row("mk8s get -o crd").says("name: edge").says("name: prod"),
            row("mk8s get --max 1 -o names")
                .says("edge\n")
                .never("prod"),
            row("mk8s eventlog edge").says("name=\"edge\""),
            row("mk8s eventlog edge -o json").says("\"message\": \"Cluster created\""),
            row("mk8s access-report edge -o json").says("\"kind\": \"accessreport\""),
            row("mk8s permissions").says("\"name\": \"clusterAdmin\""),
            row("mk8s audit edge")
                .says("TIMESTAMP")
                .remark("The sandbox keeps no audit trail: it is empty"),
            row("mk8s audit -o json").says("\"items\": []"),
            row("mk8s kubeconfig edge -f -")
                .says("apiVersion: v1")
                .says("sandbox/edge/"),
            row("mk8s kubeconfig edge -f kube.yaml").remark("Writes the file"),
            row("mk8s get nope")
                .fails()
                .says("\"status\": 404")
                .says("does not exist"),
            row("mk8s get edge nope").fails().says("\"status\": 404"),
            row("mk8s get nope -o names")
                .never("nope")
                .remark("With `-o names` the client prints nothing and exits 0"),
            row("mk8s eventlog nope").fails().says("\"status\": 404"),
            row("mk8s kubeconfig nope -f -")
                .fails()
                .says("\"status\": 404"),
            row("TOKEN=wrong mk8s get edge")
                .fails()
                .says("\"status\": 401"),
            row("TOKEN=wrong mk8s get").fails().says("\"status\": 401"),
            row("mk8s get --org nowhere")
                .fails()
                .says("\"status\": 403")
                .says("access to org \\\"nowhere\\\" is forbidden"),
            row("mk8s get edge --org nowhere")
                .fails()
                .says("\"status\": 403"),
            row("mk8s get edge -o json")
                .fault("status=503,on=GET,times=1")
                .says("\"kind\": \"mk8s\"")
                .remark("The sandbox answers 503 once: the client tries again"),
        ],
    }
}

fn searching() -> Section {
    let mut clusters: Vec<String> = (0..60).map(|n| generic(&format!("c{n:02}"), &[])).collect();
    clusters.push(format!(
        "{}tags: {{team: shop, tier: \"1\"}}\n",
        hetzner("edge", &[])
    ));
    clusters.push(format!(
        "{}tags: {{team: data}}\n",
        aws("prod", &["headlamp: {}"])
    ));
    Section {
        title: "Searching and paging",
        about: "Clusters `c00` to `c59`, `edge` (tags team=shop, tier=1) and `prod` (tag team=data); \
                pages of 50.",
        flags: &[],
        clusters,
        files: vec![],
        rows: vec![
            row("mk8s get -o names").says("c49\n").never("edge"),
            row("mk8s get --max 0 -o names").says("c59\nedge\nprod\n"),
            row("mk8s get --max 55 -o names").says("c54\n").never("c55"),
            row("mk8s query --tag team=shop -o json")
                .says("\"name\": \"edge\"")
                .never("prod"),
            row("mk8s query --tag team -o json")
                .says("\"name\": \"edge\"")
                .says("\"name\": \"prod\"")
                .never("c00"),
            row("mk8s query --property name=prod -o yaml")
                .says("name: prod")
                .never("edge"),
            row("mk8s query --property name~dg -o json")
                .says("\"name\": \"edge\"")
                .never("prod"),
            row("mk8s query --tag team=shop --tag team=data -o json").says("\"items\": []"),
            row("mk8s query --match any --tag team=shop --tag team=data -o json")
                .says("\"name\": \"edge\"")
                .says("\"name\": \"prod\"")
                .never("c00"),
            row("mk8s query --match none --property name~c -o json")
                .says("\"name\": \"edge\"")
                .never("c00"),
            row("mk8s query -o json")
                .says("\"name\": \"c49\"")
                .never("\"name\": \"c50\""),
            row("mk8s query --max 0 -o json")
                .says("\"name\": \"c59\"")
                .says("\"name\": \"prod\""),
            row("mk8s query --property name~c --max 0 -o yaml-slim").says("name: c59"),
            row("mk8s query --rel gvc=x -o json").says("\"items\": []"),
            row("mk8s query --tag team=shop -o names")
                .fails()
                .says("ERROR")
                .remark("A defect of the client"),
            row("TOKEN=wrong mk8s query --tag team")
                .fails()
                .says("\"status\": 401"),
        ],
    }
}

fn strict() -> Section {
    Section {
        title: "A stricter server",
        about: "`--enforce-prerequisites`; clusters `edge` (Hetzner) and \
                `prod` (AWS). Whether the platform is so strict is not known.",
        flags: &["--enforce-prerequisites"],
        clusters: vec![
            hetzner("edge", &["awsWorkloadIdentity: {}"]),
            aws("prod", &[]),
        ],
        files: vec![
            (
                "ecr.yaml",
                "spec: {addOns: {awsECR: {roleArn: \"arn:aws:iam::999999999999:role/r\"}}}\n"
                    .to_owned(),
            ),
            (
                "no-identity.yaml",
                "spec: {addOns: {awsWorkloadIdentity: null}}\n".to_owned(),
            ),
            (
                "new.yaml",
                hetzner(
                    "new",
                    &["awsECR: {roleArn: \"arn:aws:iam::999999999999:role/r\"}"],
                ),
            ),
        ],
        rows: vec![
            row("mk8s patch prod -f ecr.yaml")
                .fails()
                .says("awsWorkloadIdentity")
                .then("prod", "/spec/addOns/awsECR", ""),
            row("apply -f new.yaml")
                .fails()
                .says("awsWorkloadIdentity")
                .gone("new"),
            row("mk8s patch edge -f ecr.yaml -o names").then(
                "edge",
                "/spec/addOns/awsECR/roleArn",
                "\"arn:aws:iam::999999999999:role/r\"",
            ),
            row("mk8s patch edge -f no-identity.yaml")
                .fails()
                .says("awsWorkloadIdentity")
                .then("edge", "/spec/addOns/awsWorkloadIdentity", "{}"),
        ],
    }
}

fn merging() -> Section {
    Section {
        title: "A PUT that merges",
        about: "`--put merge`; cluster `edge` (headlamp and sysbox on).",
        flags: &["--put", "merge"],
        clusters: vec![hetzner("edge", &["headlamp: {}", "sysbox: {}"])],
        files: vec![
            ("less.yaml", hetzner("edge", &["headlamp: {}"])),
            (
                "null.yaml",
                hetzner("edge", &["headlamp: {}", "sysbox: null"]),
            ),
            ("bin/less", editor("sed -i '/sysbox/d' \"$1\"")),
        ],
        rows: vec![
            row("apply -f less.yaml").says("Updated").then(
                "edge",
                "/spec/addOns",
                r#"{"headlamp":{},"sysbox":{}}"#,
            ),
            row("EDITOR=less mk8s edit edge --replace -o names").then(
                "edge",
                "/spec/addOns",
                r#"{"headlamp":{},"sysbox":{}}"#,
            ),
            row("apply -f null.yaml").says("Updated").then(
                "edge",
                "/spec/addOns",
                r#"{"headlamp":{}}"#,
            ),
        ],
    }
}

pub(super) fn editor(script: &str) -> String {
    format!("#!/bin/sh\n{script}\n")
}
