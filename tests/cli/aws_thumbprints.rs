//! Issuers of a private authority: the sandbox's is one, whatever `SSL_CERT_FILE` trusts.

use crate::support::manifests::hetzner;
use crate::support::{Bed, aws_programs, path_with_aws, read_hcl};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

const SETUP: &str = "aws setup aws-ecr -c edge --yes";
const STATUS: &str = "aws status aws-ecr -c edge";

/// A bare hetzner cluster whose issuer is served.
fn served() -> Bed {
    Bed::holding(&[hetzner("edge", &[])], &["--oidc"])
}

/// The same with the add-on on.
fn on() -> Bed {
    let bed = served();
    bed.run(
        "addon enable aws-ecr -c edge --with-prerequisites \
         --role-arn arn:aws:iam::123456789012:role/mk8s-edge",
    )
    .ok();
    bed
}

/// The one provider.
fn provider(bed: &Bed) -> Value {
    let providers = bed.moto.providers();
    let mut all = providers.as_object().unwrap().values();
    let found = all.next().expect("a provider").clone();
    assert!(all.next().is_none(), "{providers}");
    found
}

fn thumbprints(bed: &Bed) -> Vec<String> {
    serde_json::from_value(provider(bed)["thumbprints"].clone()).unwrap()
}

/// How often the issuer was asked.
fn looks(bed: &Bed) -> usize {
    let log = bed.sandbox.log();
    log.iter()
        .filter(|entry| !entry["path"].as_str().unwrap().starts_with("/org/"))
        .count()
}

#[test]
fn the_thumbprint_of_a_private_authority_is_registered() {
    let bed = served();
    let before = bed.world();
    let run = bed.run(&format!("{SETUP} -o json")).ok();
    let [thumbprint] = &thumbprints(&bed)[..] else {
        panic!("{run}");
    };
    let steps = &run.json()["items"][0]["steps"];
    let made = steps.as_array().unwrap();
    let made = made
        .iter()
        .find(|it| it["part"] == "oidc-provider")
        .unwrap();
    assert_eq!(
        made["detail"],
        json!(format!(
            "audience sts.amazonaws.com, thumbprint {thumbprint} of the issuer's private CA"
        ))
    );
    // Looked at once, although the plan was made several times.
    assert_eq!(looks(&bed), 1);

    bed.moto.forget();
    let again = bed.run(SETUP).ok();
    let _ = again.err("exists, audience and thumbprint ok");
    assert_eq!(bed.moto.writes(), [""; 0]);
    bed.run(&format!("{STATUS} --exit-code"))
        .ok()
        .out("audience sts.amazonaws.com, thumbprint ok");
    // A part that has nothing to do with it does not look.
    let so_far = looks(&bed);
    bed.run(&format!("{SETUP} --only trust")).ok();
    bed.run("aws teardown aws-ecr -c edge --with-oidc-provider --yes")
        .ok();
    assert_eq!(looks(&bed), so_far);
    assert_eq!(bed.world(), before);
}

#[test]
fn the_thumbprint_of_another_authority_is_added_and_the_stored_stay() {
    let bed = on();
    bed.run(&format!("{SETUP} --only oidc-provider")).ok();
    let first = thumbprints(&bed);
    bed.sandbox.fault("certificate=unknown");
    let run = bed.run(&format!("{STATUS} --exit-code")).exits(10);
    let _ = run
        .out("oidc-provider  different")
        .out("of the issuer's private CA is missing");
    let line = format!("{SETUP} --only oidc-provider");
    let run = bed.run(&line).ok();
    let second = thumbprints(&bed);
    assert_eq!(second[..1], first[..]);
    assert_eq!(second.len(), 2);
    let added = &second[1];
    let _ = run
        .err(&format!(
            "adds thumbprint {added} of the issuer's private CA, keeps 1 others"
        ))
        .err(&format!(
            "Added thumbprint {added} to OIDC provider localhost:"
        ));
    bed.moto.forget();
    bed.run(&line).ok();
    assert_eq!(bed.moto.writes(), [""; 0]);

    // Five are the most: the oldest goes, and that is said.
    let arn = provider_arn(&bed);
    let others: Vec<String> = "12345".chars().map(|c| c.to_string().repeat(40)).collect();
    bed.aws(&format!(
        "iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn {arn} \
         --thumbprint-list {}",
        others.join(" ")
    ));
    let _ = bed.run(&line).ok().err(&format!(
        "keeps 4 others, drops {}, because 5 are allowed",
        others[0]
    ));
    assert_eq!(thumbprints(&bed)[..4], others[1..]);
    assert_eq!(thumbprints(&bed)[4], second[1]);

    // Without the right, the action is named.
    bed.sandbox.heals();
    bed.moto
        .faults(&json!([{"action": "UpdateOpenIDConnectProviderThumbprint",
        "code": "AccessDenied", "times": 9}]));
    bed.run(&line)
        .exits(4)
        .err("iam:UpdateOpenIDConnectProviderThumbprint");
}

#[test]
fn an_issuer_that_cannot_be_reached_leaves_it_to_iam() {
    let bed = Bed::edge();
    let run = bed.run(&format!("{SETUP} -v")).ok();
    let _ = run
        .err("The issuer https://oidc.sandbox.localhost/")
        .err("cannot be looked at from here")
        .err("its thumbprint is left to IAM");
    assert_eq!(thumbprints(&bed), [""; 0]);
    let _ = bed.run(SETUP).ok().never("cannot be looked at");
    // One that accepts and says nothing is not waited for long.
    let bed = on();
    bed.sandbox.fault("delay=1m,on=HEAD:/openid-configuration");
    bed.run(&format!("{SETUP} --only oidc-provider")).ok();
    assert_eq!(thumbprints(&bed).len(), 1);
}

#[test]
fn what_is_emitted_has_the_thumbprint() {
    let mut bed = on();
    bed.env.set("PATH", &path_with_aws());
    let emit = |form: &str| {
        bed.run(&format!("aws setup aws-ecr -c edge --emit {form}"))
            .ok()
            .stdout
    };
    let script = emit("aws-cli");
    bed.env.write("setup.sh", &script);
    let shellcheck = aws_programs().join("shellcheck");
    let _ = bed.env.program(&shellcheck, &["setup.sh"]).run().ok();
    bed.env.sh("sh setup.sh").run().ok();
    let made = thumbprints(&bed);
    let [thumbprint] = &made[..] else {
        panic!("{made:?}");
    };
    assert!(emit("plan").contains(thumbprint.as_str()));
    let hcl = read_hcl(&emit("terraform"));
    let block = &hcl["resource"]["aws_iam_openid_connect_provider"]["mk8s_edge"][0];
    assert_eq!(block["thumbprint_list"], json!([thumbprint]));
    let text = emit("cloudformation");
    assert!(
        text.contains(&format!("ThumbprintList:\n        - \"{thumbprint}\"")),
        "{text}"
    );

    // The script is run again, and meets a provider of others.
    bed.moto.forget();
    bed.env
        .sh("sh setup.sh")
        .run()
        .ok()
        .out("It has the thumbprint");
    let writes = bed.moto.writes();
    assert!(
        !writes.iter().any(|it| it.starts_with("Update")),
        "{writes:?}"
    );
    let arn = provider_arn(&bed);
    let others: Vec<String> = "abcde".chars().map(|c| c.to_string().repeat(40)).collect();
    bed.aws(&format!(
        "iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn {arn} \
         --thumbprint-list {}",
        others.join(" ")
    ));
    bed.env
        .sh("sh setup.sh")
        .run()
        .ok()
        .out("Added the thumbprint");
    assert_eq!(thumbprints(&bed)[..4], others[1..]);
    assert_eq!(thumbprints(&bed)[4], *thumbprint);
    // One that has none.
    bed.aws(&format!(
        "iam delete-open-id-connect-provider --open-id-connect-provider-arn {arn}"
    ));
    bed.aws(&format!(
        "iam create-open-id-connect-provider --url https://{} --client-id-list other",
        bed.issuer("edge")
    ));
    bed.env
        .sh("sh setup.sh")
        .run()
        .ok()
        .out("Added the thumbprint");
    assert_eq!(thumbprints(&bed), made);
}

fn provider_arn(bed: &Bed) -> String {
    let providers = bed.moto.providers();
    let (arn, _) = providers.as_object().unwrap().iter().next().unwrap();
    arn.clone()
}

/// A proxy that opens no address but its own: whatever is asked for, the sandbox's issuer answers.
fn proxy(bed: &Bed) -> String {
    let issuer = bed.issuer("edge");
    let address = issuer.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, address) = (client.unwrap(), address.clone());
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
                    head.push(byte[0]);
                }
                assert!(head.starts_with(b"CONNECT "), "{head:?}");
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                let mut server = TcpStream::connect(address).unwrap();
                let (mut back, mut down) =
                    (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut back, &mut down));
                let _ = std::io::copy(&mut client, &mut server);
            });
        }
    });
    url
}

/// Behind a proxy that opens TLS, the authority that is seen is the proxy's.
#[test]
fn what_a_proxy_shows_of_another_issuer_is_never_registered() {
    let mut bed = on();
    let url = proxy(&bed);
    let cluster = bed.run("cluster get edge -o json").ok().stdout;
    let cluster = cluster.replace(&bed.issuer("edge"), "issuer.example/edge");
    bed.env.write("edge.json", &cluster);
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        bed.env.set(variable, &url);
    }
    let emit = |flags: &str| {
        // There is no proxy on the way to an endpoint on loopback; nothing is asked of this one.
        let line = format!(
            "aws setup aws-ecr -f edge.json --emit cloudformation --endpoint https://api.example{flags}"
        );
        bed.run(&line).ok()
    };
    let run = emit("");
    assert!(!run.stdout.contains("ThumbprintList"), "{run}");
    let _ = run
        .err("does not end in a public authority as seen from here")
        .err("Behind a proxy that opens TLS it is the proxy's")
        .err("mk8s aws setup aws-ecr -c edge --only oidc-provider");
    let hex = "ABCDEF0123".repeat(4);
    let run = emit(&format!(" --thumbprint {hex}"));
    assert!(!run.stderr.contains("as seen from here"), "{run}");
    assert!(
        run.stdout
            .contains(&format!("ThumbprintList:\n        - \"{hex}\"")),
        "{run}"
    );
}

#[test]
fn a_thumbprint_that_is_named_is_registered_and_shown() {
    let bed = on();
    let line = format!("{SETUP} --only oidc-provider");
    for bad in ["x", "ABCDEF", &"g".repeat(40)] {
        let _ = bed
            .run(&format!("{line} --thumbprint {bad}"))
            .exits(2)
            .err("40 hexadecimal digits");
    }
    let hex = "abcdef0123".repeat(4);
    let _ = bed
        .run(&format!("{line} --thumbprint {hex}"))
        .ok()
        .err(&format!("thumbprint {hex} given by --thumbprint"))
        .err(&format!(", with the thumbprint {hex}"));
    assert_eq!(thumbprints(&bed), [hex]);
}
