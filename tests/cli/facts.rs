//! `check --facts`: what a Control Plane shows of what its documents leave open, for a report that anybody may
//! read. The sandbox answers as it is documented to; what is in the report of it is known.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox};
use serde_json::Value;

fn seen(document: &Value, id: &str) -> Vec<(String, u64)> {
    let items = document["items"].as_array().unwrap();
    let fact = items.iter().find(|it| it["id"] == id).unwrap();
    let seen = fact["seen"].as_array().unwrap().iter();
    seen.map(|it| {
        (
            it["text"].as_str().unwrap().to_owned(),
            it["clusters"].as_u64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn a_report_says_what_the_platform_answers_and_not_whose_it_is() {
    let mut env = Env::new();
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let clusters = [
        hetzner(
            "hush-one",
            &[
                "awsWorkloadIdentity: {}",
                &ecr,
                "metrics: {kubeState: true}",
            ],
        ),
        hetzner("hush-two", &["awsWorkloadIdentity: {}"]),
        aws("hush-three", &["awsECR: {}"]).replace(
            "spec:",
            "tags: {cpln/managedByTerraform: \"true\", owner: hush}\nspec:",
        ),
        hetzner("hush-four", &["awsELB: {}", "rocket: {fuel: hush}"]),
    ];
    let sandbox = Sandbox::holding(
        &mut env,
        &clusters,
        &["--org", "hushed-org", "--known", "rocket"],
    );
    let before = sandbox.requests().len();
    let run = env.line("check --facts -o json").run().ok();
    let requests = sandbox.requests().split_off(before);
    assert!(
        requests.iter().all(|it| it.starts_with("GET ")),
        "{requests:?}"
    );
    let text = env.line("check --facts").run().ok();
    for said in [&run.stdout, &text.stdout] {
        for secret in [
            "hush",
            "999999999999",
            "111122223333",
            sandbox.token(),
            "mk8s-ecr-driver",
        ] {
            assert!(!said.contains(secret), "{secret}\n{said}");
        }
    }
    let document = run.json();
    assert_eq!(
        (&document["kind"], &document["clusters"]),
        (&"Facts".into(), &4.into())
    );
    let of = |text: &str, number: u64| (text.to_owned(), number);
    assert_eq!(
        seen(&document, "issuer-url"),
        [
            of("audience sts.amazonaws.com", 2),
            of("oidcProviderUrl https://oidc.sandbox.localhost/ALIAS", 2),
            of(
                "providerUrl https://oidc.sandbox.localhost/ALIAS, the same",
                2
            ),
        ]
    );
    assert_eq!(
        seen(&document, "account"),
        [of("<AWS_ACCOUNT_ID>", 2), of("ACCOUNT", 1)]
    );
    assert_eq!(
        seen(&document, "prerequisites"),
        [
            of("aws-ecr without aws-workload-identity", 1),
            of("aws-elb without aws-workload-identity", 1)
        ]
    );
    assert_eq!(
        seen(&document, "provider-fit"),
        [of("aws-elb on hetzner", 1)]
    );
    assert_eq!(
        seen(&document, "owners"),
        [of("cpln/managedByTerraform", 1)]
    );
    assert_eq!(
        seen(&document, "schema"),
        [of("spec.addOns.rocket (an add-on)", 1)]
    );
    assert!(seen(&document, "links").contains(&of("eventlog: /org/ORG/mk8s/CLUSTER/-eventlog", 4)));
    let policy = &seen(&document, "trust-policy")[0].0;
    assert!(
        policy.starts_with("awsECR (object): ")
            && policy.contains("arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"),
        "{policy}"
    );
}

#[test]
fn a_report_is_about_the_clusters_that_are_named_or_all() {
    let mut env = Env::new();
    let clusters = [hetzner("one", &[]), hetzner("two", &[])];
    let _sandbox = Sandbox::holding(&mut env, &clusters, &[]);
    for (line, words) in [
        (
            "check --facts -c two",
            "mk8s 0.1.0, 1 cluster, by reads alone.",
        ),
        ("check --facts --all", "it takes a write to see"),
    ] {
        let _ = env.line(line).run().ok().out(words);
    }
    let _ = env.line("check --facts -c nobody").run().exits(3);
    let _ = env.line("check --facts -f m.yaml").run().exits(2);
    // One that cannot be read is left out, and said to be.
    let run = env.line("check --facts -c one -c nobody").run().ok();
    let _ = run
        .err("warning: left out: ")
        .out("1 cluster, by reads alone.");
}
