//! The table of calls. Data only; `surface` runs it.

use crate::support::manifests::{aws, cluster, hetzner};
use serde_json::json;

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

fn row(call: &'static str) -> Row {
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
    fn fails(mut self) -> Self {
        self.code = 1;
        self
    }

    fn says(mut self, text: &'static str) -> Self {
        self.says.push(text);
        self
    }

    fn never(mut self, text: &'static str) -> Self {
        self.silent_on.push(text);
        self
    }

    fn fault(mut self, fault: &'static str) -> Self {
        self.fault = fault;
        self
    }

    fn then(mut self, cluster: &'static str, pointer: &'static str, json: &'static str) -> Self {
        self.then.push((cluster, pointer, json));
        self
    }

    fn gone(mut self, cluster: &'static str) -> Self {
        self.gone.push(cluster);
        self
    }

    fn remark(mut self, text: &'static str) -> Self {
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

fn generic(name: &str, add_ons: &[&str]) -> String {
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
                .remark("The client has no CRD form of clusters: YAML"),
            row("mk8s get edge -o tf")
                .says("\"kind\": \"mk8s\"")
                .remark("Nor a Terraform form: JSON"),
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

#[expect(clippy::too_many_lines, reason = "a table")]
fn applying() -> Section {
    let readme = "no manifest\n".to_owned();
    let list = "kind: list\nitemKind: mk8s\nitems:\n".to_owned();
    let item = |name: &str, add_ons: &str| {
        format!(
            "- {{kind: mk8s, name: {name}, spec: {{version: 1.33.5, provider: {{generic: \
             {{location: aws-eu-central-1}}}}, addOns: {add_ons}}}}}\n"
        )
    };
    let object = |name: &str| {
        json!({"kind": "mk8s", "name": name, "spec": {"version": "1.33.5",
            "provider": {"generic": {"location": "aws-eu-central-1"}}}})
    };
    Section {
        title: "Applying",
        about: "Cluster `prod` (AWS, headlamp and a tag of its own). `new.yaml` holds `new` with \
                headlamp and sysbox.",
        flags: &[],
        clusters: vec![format!(
            "{}tags: {{team: shop}}\n",
            aws("prod", &["headlamp: {}"])
        )],
        files: vec![
            ("new.yaml", hetzner("new", &["headlamp: {}", "sysbox: {}"])),
            ("less.yaml", hetzner("new", &["headlamp: {}"])),
            (
                "null.yaml",
                hetzner("new", &["headlamp: null", "sysbox: {}"]),
            ),
            (
                "two.yaml",
                [generic("one", &[]), generic("two", &["nodeLocalDns: {}"])].join("---\n"),
            ),
            ("folder/a.yaml", generic("deep-a", &[])),
            ("folder/sub/b.yml", generic("deep-b", &[])),
            ("folder/sub/c.json", object("deep-c").to_string()),
            ("folder/README.md", readme),
            ("one.json", object("json-one").to_string()),
            (
                "array.json",
                json!([object("json-two"), object("json-three")]).to_string(),
            ),
            (
                "list.yaml",
                format!(
                    "{list}{}{}",
                    item("l-one", "{}"),
                    item("l-two", "{sysbox: {}}")
                ),
            ),
            (
                "half.yaml",
                format!(
                    "{list}{}{}",
                    item("h-one", "{}"),
                    item("h-two", "{rocket: {}}")
                ),
            ),
            ("field.yaml", aws("bad", &["awsECR: {rolearn: x}"])),
            ("bool.yaml", aws("bad", &["headlamp: true"])),
            (
                "efs.yaml",
                aws("bad", &["awsWorkloadIdentity: {}", "awsEFS: {}"]),
            ),
            (
                "bare.yaml",
                "kind: mk8s\nname: bad\nspec: {version: 1.33.5}\n".to_owned(),
            ),
            ("kindless.yaml", "name: bad\n".to_owned()),
            ("broken.yaml", "kind: [\n".to_owned()),
            ("moved.yaml", generic("prod", &[])),
            (
                "twice.yaml",
                format!(
                    "{}    sysbox: {{}}\n    sysbox: null\n",
                    generic("twice", &["headlamp: {}"])
                ),
            ),
            (
                "stale.yaml",
                format!("{}version: 1\n", hetzner("new", &["headlamp: {}"])),
            ),
        ],
        rows: vec![
            row("apply -f new.yaml")
                .says("Created /org/sandbox/mk8s/new")
                .then("new", "/spec/addOns", r#"{"headlamp":{},"sysbox":{}}"#)
                .then("new", "/version", "1"),
            row("apply -f new.yaml")
                .says("Updated mk8s 'new'")
                .then("new", "/version", "1")
                .remark("The same again changes nothing"),
            row("apply -f less.yaml")
                .says("Updated mk8s 'new'")
                .then("new", "/spec/addOns", r#"{"headlamp":{}}"#)
                .then("new", "/version", "2")
                .remark("What a PUT leaves out goes (`--put merge`: see below)"),
            row("apply -f null.yaml").says("Updated").then(
                "new",
                "/spec/addOns",
                r#"{"sysbox":{}}"#,
            ),
            row("apply -f - < new.yaml").says("Updated").then(
                "new",
                "/spec/addOns",
                r#"{"headlamp":{},"sysbox":{}}"#,
            ),
            row("apply -f new.yaml --ready").says("Updated mk8s 'new'"),
            row("apply -f two.yaml")
                .says("Created /org/sandbox/mk8s/one")
                .says("Created /org/sandbox/mk8s/two")
                .then("two", "/spec/addOns", r#"{"nodeLocalDns":{}}"#),
            row("apply -f folder")
                .then("deep-a", "/version", "1")
                .then("deep-b", "/version", "1")
                .then("deep-c", "/version", "1"),
            row("apply -f one.json")
                .says("Created")
                .then("json-one", "/version", "1"),
            row("apply -f array.json")
                .then("json-two", "/version", "1")
                .then("json-three", "/version", "1"),
            row("apply -f list.yaml")
                .then("l-one", "/version", "1")
                .then("l-two", "/spec/addOns", r#"{"sysbox":{}}"#),
            row("apply -f list.yaml -o json").says("Updated"),
            row("apply -f twice.yaml")
                .says("Created")
                .then("twice", "/spec/addOns", r#"{"headlamp":{}}"#)
                .remark("A key that is written twice: the last one counts, without a word"),
            row("mk8s get prod -o yaml-slim > prod.yaml").then("prod", "/version", "1"),
            row("apply -f prod.yaml")
                .says("Updated")
                .then("prod", "/version", "1")
                .then("prod", "/tags/team", "\"shop\"")
                .remark("A slim copy is what is there"),
            row("mk8s get prod -o yaml > full.yaml"),
            row("apply -f full.yaml")
                .says("Updated")
                .then("prod", "/version", "1"),
            row("mk8s tag prod --tag x=1").then("prod", "/version", "2"),
            row("apply -f full.yaml")
                .fails()
                .says("\"status\": 409")
                .says("version conflict")
                .then("prod", "/version", "2")
                .remark("A full copy holds the lock counter, which is stale by now"),
            row("apply -f stale.yaml").fails().says("\"status\": 409"),
            row("apply -f half.yaml")
                .fails()
                .says("Created /org/sandbox/mk8s/h-one")
                .says("\\\"spec.addOns.rocket\\\" is not allowed")
                .gone("h-two")
                .remark("One request each: the first one is done"),
            row("apply -f field.yaml")
                .fails()
                .says("\\\"spec.addOns.awsECR.rolearn\\\" is not allowed")
                .gone("bad"),
            row("apply -f bool.yaml")
                .fails()
                .says("\"status\": 400")
                .gone("bad"),
            row("apply -f efs.yaml")
                .fails()
                .says("\\\"spec.addOns.awsEFS.roleArn\\\" is required")
                .gone("bad"),
            row("apply -f bare.yaml")
                .fails()
                .says("\\\"spec.provider\\\" is required")
                .gone("bad"),
            row("apply -f moved.yaml")
                .fails()
                .says("cannot be changed")
                .then("prod", "/spec/addOns", r#"{"headlamp":{}}"#),
            row("apply -f kindless.yaml")
                .fails()
                .says("\"kind\" property"),
            row("apply -f broken.yaml").fails(),
            row("apply -f nowhere.yaml").fails(),
            row("TOKEN=wrong apply -f new.yaml")
                .fails()
                .says("\"status\": 401"),
            row("apply -f new.yaml --org nowhere")
                .fails()
                .says("\"status\": 403"),
            row("delete -f list.yaml")
                .says("Deleted mk8s 'l-one'")
                .gone("l-one")
                .gone("l-two"),
        ],
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn changing() -> Section {
    Section {
        title: "Changing and deleting",
        about: "Clusters `edge` (Hetzner, headlamp on) and `prod` (AWS, protected by its tag). \
                `EDITOR` is a script.",
        flags: &[],
        clusters: vec![
            hetzner("edge", &["headlamp: {}"]),
            format!("{}tags: {{cpln/protected: \"true\"}}\n", aws("prod", &[])),
        ],
        files: vec![
            ("on.yaml", "spec: {addOns: {sysbox: {}}}\n".to_owned()),
            ("off.yaml", "spec: {addOns: {sysbox: null}}\n".to_owned()),
            ("empty.yaml", "{}\n".to_owned()),
            ("field.yaml", "spec: {addOns: {awsECR: {rolearn: x}}}\n".to_owned()),
            ("rocket.yaml", "spec: {addOns: {rocket: {}}}\n".to_owned()),
            ("firewall.yaml", "spec: {firewall: [{sourceCIDR: 10.0.0.0/8}]}\n".to_owned()),
            ("append.yaml", "spec: {$append/firewall: [{sourceCIDR: 192.0.2.0/24}]}\n".to_owned()),
            ("drop.yaml", "spec: {$drop/firewall: [{sourceCIDR: 10.0.0.0/8}]}\n".to_owned()),
            ("pools.yaml", "spec: {provider: {hetzner: {nodePools: [{name: w, serverType: cpx41, minSize: 1, maxSize: 2}]}}}\n".to_owned()),
            ("pool.yaml", "spec: {provider: {hetzner: {$patch/nodePools: [{name: w, maxSize: 5}]}}}\n".to_owned()),
            ("nopool.yaml", "spec: {provider: {hetzner: {$patch/nodePools: [{name: x, maxSize: 5}]}}}\n".to_owned()),
            ("replace.yaml", "spec: {$replace/addOns: {headlamp: {}}}\n".to_owned()),
            ("dropfield.yaml", "spec: {addOns: {$drop: [headlamp]}}\n".to_owned()),
            ("operator.yaml", "spec: {$frob/addOns: {}}\n".to_owned()),
            ("lock.yaml", "version: 1\ntags: {a: b}\n".to_owned()),
            ("id.yaml", "id: 00000000-0000-0000-0000-000000000000\ntags: {a: b}\n".to_owned()),
            ("rename.yaml", "name: other\n".to_owned()),
            ("older.yaml", "spec: {version: 1.30.0}\n".to_owned()),
            ("bin/dashboard", editor("sed -i 's/headlamp: {}/dashboard: {}/' \"$1\"")),
            ("bin/nothing", editor(":")),
            ("bin/broken", editor("printf 'spec: [\\n' > \"$1\"")),
            ("bin/unknown", editor("sed -i 's/dashboard: {}/rocket: {}/' \"$1\"")),
            ("bin/sysbox", editor("sed -i 's/^  addOns:/  addOns:\\n    sysbox: {}/' \"$1\"")),
            ("bin/late", editor("\"$MK8S\" addon enable nvidia -c edge -q && sed -i 's/^  addOns:/  addOns:\\n    metrics: {}/' \"$1\"")),
        ],
        rows: vec![
            row("mk8s patch edge -f on.yaml -o names")
                .says("edge")
                .then("edge", "/spec/addOns", r#"{"headlamp":{},"sysbox":{}}"#)
                .then("edge", "/version", "2"),
            row("mk8s patch edge -f - -o names < off.yaml").then("edge", "/spec/addOns", r#"{"headlamp":{}}"#),
            row("mk8s patch edge -f off.yaml -o names")
                .then("edge", "/version", "3")
                .remark("Off is off: nothing changes"),
            row("mk8s patch edge -f empty.yaml -o names").then("edge", "/version", "3"),
            row("mk8s patch edge -f firewall.yaml -o names")
                .then("edge", "/spec/firewall/0/sourceCIDR", "\"10.0.0.0/8\"")
                .remark("Arrays are replaced whole"),
            row("mk8s patch edge -f append.yaml -o names")
                .then("edge", "/spec/firewall/0/sourceCIDR", "\"10.0.0.0/8\"")
                .then("edge", "/spec/firewall/1/sourceCIDR", "\"192.0.2.0/24\""),
            row("mk8s patch edge -f drop.yaml -o names")
                .then("edge", "/spec/firewall/0/sourceCIDR", "\"192.0.2.0/24\"")
                .then("edge", "/spec/firewall/1", ""),
            row("mk8s patch edge -f pools.yaml -o names")
                .then("edge", "/spec/provider/hetzner/nodePools/0/maxSize", "2"),
            row("mk8s patch edge -f pool.yaml -o names")
                .then("edge", "/spec/provider/hetzner/nodePools/0/maxSize", "5")
                .then("edge", "/spec/provider/hetzner/nodePools/0/minSize", "1"),
            row("mk8s patch edge -f nopool.yaml").fails().says("which is not there"),
            row("mk8s patch edge -f dropfield.yaml -o names").then("edge", "/spec/addOns", "{}"),
            row("mk8s patch edge -f replace.yaml -o names").then("edge", "/spec/addOns", r#"{"headlamp":{}}"#),
            row("mk8s patch edge -f operator.yaml").fails().says("is not an operator"),
            row("mk8s patch edge -f field.yaml").fails().says("\\\"spec.addOns.awsECR.rolearn\\\" is not allowed"),
            row("mk8s patch edge -f rocket.yaml")
                .fails()
                .says("\\\"spec.addOns.rocket\\\" is not allowed")
                .then("edge", "/spec/addOns", r#"{"headlamp":{}}"#),
            row("mk8s patch edge -f lock.yaml").fails().says("version conflict").then("edge", "/tags", "{}"),
            row("mk8s patch edge -f id.yaml").fails().says("id conflict").then("edge", "/tags", "{}"),
            row("mk8s patch edge -f rename.yaml").fails().says("cannot be changed").gone("other"),
            row("mk8s patch edge -f older.yaml").fails().says("must not be lower"),
            row("mk8s patch nope -f on.yaml").fails().says("\"status\": 404"),
            row("mk8s update edge --set spec.version=1.34.2 --set tags.team=shop --set description=Edge -o names")
                .then("edge", "/spec/version", "\"1.34.2\"")
                .then("edge", "/tags/team", "\"shop\"")
                .then("edge", "/description", "\"Edge\""),
            row("mk8s update edge --unset tags.team --unset description -o names")
                .then("edge", "/tags/team", "")
                .then("edge", "/description", "\"edge\"")
                .remark("Without a description the name is one"),
            row("mk8s update edge --set description=Lost")
                .fault("race,on=PATCH,times=1")
                .fails()
                .says("version conflict")
                .then("edge", "/description", "\"edge\"")
                .remark("Another writer comes between the client's GET and its PATCH"),
            row("mk8s update edge --set spec.addOns.sysbox=x").fails().says("not valid updatable path"),
            row("mk8s tag edge --tag drink=water --tag n=1 -o names")
                .then("edge", "/tags/drink", "\"water\"")
                .then("edge", "/tags/n", "1"),
            row("mk8s tag edge prod --remove-tag drink --tag both=yes -o names")
                .then("edge", "/tags/drink", "")
                .then("edge", "/tags/both", "\"yes\"")
                .then("prod", "/tags/both", "\"yes\""),
            row("mk8s tag nope --tag a=b").fails().says("\"status\": 404"),
            row("EDITOR=dashboard mk8s edit edge -o names")
                .then("edge", "/spec/addOns", r#"{"headlamp":{},"dashboard":{}}"#)
                .remark("A PATCH cannot take away: headlamp stays"),
            row("EDITOR=dashboard mk8s edit edge --replace -o names")
                .says("edge")
                .then("edge", "/spec/addOns", r#"{"dashboard":{}}"#),
            row("EDITOR=sysbox mk8s edit edge -o names").then("edge", "/spec/addOns/sysbox", "{}"),
            row("EDITOR=nothing mk8s edit edge").says("Resource was not changed"),
            row("EDITOR=broken mk8s edit edge").fails().says("end of the stream"),
            row("EDITOR=unknown mk8s edit edge").fails().says("\\\"spec.addOns.rocket\\\" is not allowed"),
            row("EDITOR=unknown mk8s edit edge --replace").fails().says("\\\"spec.addOns.rocket\\\" is not allowed"),
            row("EDITOR=late mk8s edit edge")
                .fails()
                .says("version conflict")
                .then("edge", "/spec/addOns/nvidia", "{}")
                .then("edge", "/spec/addOns/metrics", "")
                .remark("While the editor is open, `mk8s addon enable` changes the cluster"),
            row("EDITOR=late mk8s edit edge --replace")
                .then("edge", "/spec/addOns/metrics", "{}")
                .then("edge", "/spec/addOns/nvidia", "{}")
                .remark("This time nvidia is on already, and nothing is stale"),
            row("mk8s clone edge --name copy --tag a=b -o names")
                .says("copy")
                .then("copy", "/spec/addOns/sysbox", "{}")
                .then("copy", "/tags/a", "\"b\""),
            row("mk8s clone edge --name copy").fails().says("\"status\": 409").says("already exists"),
            row("mk8s clone edge --name Copy").fails().says("\"status\": 400"),
            row("mk8s eventlog edge -o json").says("Cluster created").says("add-on sysbox switched on"),
            row("mk8s delete prod").fails().says("is protected from deletion").then("prod", "/kind", "\"mk8s\""),
            row("mk8s tag prod --remove-tag cpln/protected -o names").then("prod", "/tags/cpln~1protected", ""),
            row("mk8s delete prod").gone("prod"),
            row("mk8s delete prod").fails().says("\"status\": 404"),
            row("mk8s delete copy nope").fails().says("\"status\": 404").gone("copy"),
            row("TOKEN=wrong mk8s delete edge").fails().says("\"status\": 401").then("edge", "/kind", "\"mk8s\""),
        ],
    }
}

fn strict() -> Section {
    Section {
        title: "A stricter server",
        about: "`--enforce-prerequisites --require-role aws-ecr`; clusters `edge` (Hetzner) and \
                `prod` (AWS). Whether the platform is so strict is not known.",
        flags: &["--enforce-prerequisites", "--require-role", "aws-ecr"],
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
            ("bare.yaml", "spec: {addOns: {awsECR: {}}}\n".to_owned()),
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
            row("mk8s patch edge -f bare.yaml").fails().says("roleArn"),
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

fn editor(script: &str) -> String {
    format!("#!/bin/sh\n{script}\n")
}
