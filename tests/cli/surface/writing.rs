//! The part of the table that writes. Data only.

use super::calls::{Section, editor, generic, row};
use crate::support::manifests::{aws, hetzner};
use serde_json::json;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn applying() -> Section {
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
pub(super) fn changing() -> Section {
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
            ("older.yaml", "spec: {version: 1.30.3}\n".to_owned()),
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
