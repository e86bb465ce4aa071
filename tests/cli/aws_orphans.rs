//! `mk8s aws teardown --orphans`: what clusters that are gone left behind, and nothing else.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed};
use serde_json::{Value, json};

const ORPHANS: &str = "aws teardown --orphans";

fn delete(bed: &Bed, name: &str) {
    let path = format!("/org/{}/mk8s/{name}", bed.sandbox.org());
    assert_eq!(bed.sandbox.call("DELETE", &path, "").0, 202);
}

fn provider_arn(issuer: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")
}

/// What is planned, as cluster, action and resource.
fn planned(document: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = document["items"].as_array().unwrap().iter();
    let of = |item: &Value| -> Vec<(String, String, String)> {
        let steps = item["steps"].as_array().unwrap().iter();
        let name = text(&item["target"]["name"]);
        steps
            .map(|step| (name.clone(), text(&step["action"]), text(&step["resource"])))
            .collect()
    };
    items.flat_map(of).collect()
}

#[test]
fn what_a_deleted_cluster_left_goes_and_the_others_keep_theirs() {
    let bed = Bed::two();
    let before = bed.moto.state();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let only_edge = bed.moto.state();
    bed.run("aws setup aws-ecr -c west --yes").ok();
    bed.run(ORPHANS)
        .ok()
        .err("Nothing is left over in account 123456789012 of clusters of the org sandbox");
    let issuer = bed.issuer("west");
    delete(&bed, "west");
    bed.moto.forget();
    let document = bed.run(&format!("{ORPHANS} --dry-run -o json")).ok().json();
    let own =
        |action: &str, resource: &str| ("west".to_owned(), action.to_owned(), resource.to_owned());
    assert_eq!(
        planned(&document),
        [
            own(
                "detach",
                "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
            ),
            own(
                "delete",
                &format!("arn:aws:iam::{ACCOUNT}:role/mk8s-sandbox-west-ecr")
            ),
            own("delete", &provider_arn(&issuer)),
        ]
    );
    assert_eq!(
        document["items"][0]["steps"][1]["detail"],
        "there is no cluster west any more"
    );
    bed.run(&format!("{ORPHANS} --dry-run --exit-code"))
        .exits(10);
    bed.run(ORPHANS)
        .exits(2)
        .err("what clusters left behind was not taken down");
    assert_eq!(bed.moto.writes(), Vec::<String>::new());
    bed.run(&format!("{ORPHANS} --yes"))
        .ok()
        .out("Took down what west left behind");
    assert_eq!(bed.moto.state(), only_edge);
    delete(&bed, "edge");
    bed.run(&format!("{ORPHANS} --yes")).ok();
    assert_eq!(bed.moto.state(), before);
    let nothing = bed.run(&format!("{ORPHANS} --dry-run -o json")).ok().json();
    assert_eq!(nothing["items"], json!([]), "{nothing}");
}

/// The issuer is another one, the role is the same: the old provider goes, with the statement for it.
#[test]
fn what_a_recreated_cluster_left_goes_and_its_role_stays() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let old = bed.issuer("edge");
    delete(&bed, "edge");
    bed.env.write("edge.yaml", hetzner("edge", &[]));
    bed.run("apply -f edge.yaml --yes").ok();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let new = bed.issuer("edge");
    assert_ne!(old, new);
    bed.run(&format!("{ORPHANS} --yes"))
        .ok()
        .err(&format!("edge has the issuer {new} by now"));
    let providers = bed.moto.providers();
    let arns: Vec<&String> = providers.as_object().unwrap().keys().collect();
    assert_eq!(arns, [&provider_arn(&new)]);
    let trust = bed.moto.role("mk8s-sandbox-edge-ecr")["trust"].to_string();
    assert!(trust.contains(&new) && !trust.contains(&old), "{trust}");
    bed.run(ORPHANS).ok().err("Nothing is left over");
    bed.run("aws setup aws-ecr -c edge")
        .ok()
        .out("already set up");
}

#[test]
fn whatever_others_use_stays_with_the_reason() {
    let bed = Bed::two();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.run("aws setup aws-ecr -c west --yes --role-name mk8s-sandbox-edge-ecr")
        .ok();
    let (edge, role) = (bed.issuer("edge"), "mk8s-sandbox-edge-ecr");
    delete(&bed, "edge");
    let run = bed.run(&format!("{ORPHANS} --dry-run")).ok();
    let run = run
        .out("there is no cluster edge any more")
        .out("west names it");
    let run = run.out("takes out statement ").out(&edge);
    drop(run);
    // A policy of others on a role that nobody else uses.
    delete(&bed, "west");
    bed.aws(&format!(
        "iam attach-role-policy --role-name {role} --policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    ));
    let before = bed.moto.role(role);
    bed.run(&format!("{ORPHANS} --dry-run"))
        .ok()
        .out("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess was attached by others");
    assert_eq!(bed.moto.role(role), before);
}

#[test]
fn without_the_list_nothing_is_looked_for() {
    let bed = Bed::edge();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.moto.forget();
    bed.sandbox.fault("status=403,on=GET");
    bed.run(&format!("{ORPHANS} --yes")).exits(4);
    assert_eq!(bed.moto.log(), Vec::<String>::new());
    for wrong in ["aws-ecr", "-c edge", "--with-oidc-provider"] {
        bed.run(&format!("{ORPHANS} {wrong}")).exits(2);
    }
    bed.run("aws teardown -c edge").exits(2);
}
