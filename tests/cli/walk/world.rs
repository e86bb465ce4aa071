//! Where everything that can be written by somebody else is hostile: an API and an IAM, manifests,
//! names of files and folders, profiles, a token.

use crate::support::{Answer, Env, Fake};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

/// Line ends of every kind, each with a line behind it that must never be one; what terminals act on;
/// what readers do not see; markup of Markdown and XML; an escape of GitHub's.
pub(super) const EVIL: &str = "a`b\n::set-output name=k::v\r\nforged one\rforged two\u{2028}forged three\
     \u{2029}forged four\u{85}forged five\u{1b}[2J\u{9b}31m\u{1b}]0;t\u{7}\u{8}\u{7f}\t\u{202e}\u{2067}\
     \u{200b}\u{feff}\u{ad}\u{61c}\u{3164}\u{2800}\u{fe0f}\u{e0041}<b>%0A|é";

/// The journal of a run on one cluster.
pub(crate) fn journal(name: &str, word: &str, because: &str) -> String {
    let header = json!({"schema": "mk8s/v1", "kind": "JournalHeader", "id": word, "time": word,
        "mk8s": word, "org": word, "endpoint": word, "command": ["addon", word], "plan": word,
        "targets": [{"name": name, "version": 1}]});
    let started = json!({"started": name, "version": 1, "old": {word: null}});
    let failed = json!({"failed": name, "because": because});
    format!("{header}\n{started}\n{failed}\n")
}

/// A run that is kept of one target: it switched metrics off.
pub(crate) fn history(env: &Env, id: &str, target: &Value) {
    let id = format!("20261128-101500-{id}");
    let header = json!({"schema": "mk8s/v1", "kind": "HistoryHeader", "id": id,
        "time": "2026-11-28T10:15:00Z", "mk8s": "0.1.0", "command": ["addon", target["name"]]});
    let (before, left_out) = (json!({"kubeState": true}), json!([target["name"]]));
    let change = json!({"key": "metrics", "before": before, "after": {}, "leftOut": left_out});
    let line = json!({"target": target, "changes": [change]});
    let folder = env.home(".local/state/mk8s/history");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(format!("{id}.jsonl")),
        format!("{header}\n{line}\n"),
    )
    .unwrap();
}

/// The same without what an XML document cannot hold.
fn evil_in_xml() -> String {
    EVIL.chars()
        .filter(|c| !c.is_ascii_control() || matches!(c, '\n'))
        .collect::<String>()
        .replace('<', "&lt;")
}

/// What may stand in a header of HTTP, read as Latin-1 or UTF-8.
const EVIL_HEADER: &str = "\u{9b}31m\u{202e}\u{200b}`%0A";

/// What IAM takes in a policy: Latin-1, controls included.
const LATIN: &str = "a`b\n::set-output name=k::v\rforged one\u{85}forged two\u{9b}31m\u{ad}%0A|";

pub(super) const ACCOUNT: &str = "111122223333";

/// A place with all of it.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) token: String,
    endpoint: String,
    /// Both Control Plane and AWS.
    _server: Fake,
    complaints: Mutex<Vec<String>>,
}

impl World {
    /// A world whose servers answer as asked; or, with a status, refuse everything in evil words.
    pub(super) fn new(refused: Option<u16>) -> Self {
        let server = Fake::by(move |request| {
            let body = String::from_utf8_lossy(&request.body);
            let sent = request.authorization.clone().unwrap_or_default();
            let sent = sent.trim_start_matches("Bearer ").to_owned();
            match refused {
                _ if request.path == "/" && body.starts_with('{') => ecr(refused.is_some()),
                _ if request.path == "/" => iam(&body, refused.is_some()),
                None => api(&request.path, &sent),
                Some(status) => refusal(status, &sent),
            }
        });
        let mut env = Env::new();
        let token = token();
        env.connect(server.endpoint(), "acme", &token);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", server.endpoint()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", "eu-central-1"),
        ] {
            env.set(name, value);
        }
        env.unset("COLUMNS");
        let world = Self {
            env,
            token,
            endpoint: server.endpoint().to_owned(),
            _server: server,
            complaints: Mutex::default(),
        };
        world.write();
        world
    }

    /// The manifests, under names that are hostile as well.
    fn write(&self) {
        let sound = manifest("edge", "eu-central-1");
        let evil = manifest(EVIL, EVIL);
        let twice = quoted(EVIL);
        self.env.write(&name("sound.yaml"), &sound);
        self.env.write(&name("evil.yaml"), &evil);
        self.env
            .write(&name("fleet/two.yaml"), format!("{evil}---\n{sound}"));
        self.env.write(
            &name("broken.yaml"),
            format!("kind: mk8s\nname: edge\nspec:\n  addOns:\n    {twice}: {{}} # \u{202e}\u{200b}x\n    {twice}: {{}}\n"),
        );
        self.env.write(
            &name("torn.yaml"),
            format!("kind: mk8s\nname: {{{twice}: [\n"),
        );
        self.env.write(
            "stdin.yaml",
            format!("{sound}# \u{202e}a\u{200b}\u{e0041} kept as it is\n"),
        );
        self.env.write(
            &name("set.yaml"),
            format!("{twice}: {{}}\nlogs: {{includeNamespaces: {twice}}}\n"),
        );
        self.env
            .write(&name("run.jsonl"), journal(EVIL, EVIL, EVIL));
        let endpoint = &self.endpoint;
        let elsewhere = json!({"kind": "cluster", "org": EVIL, "endpoint": EVIL, "name": EVIL});
        let edge = json!({"kind": "cluster", "org": "acme", "endpoint": endpoint, "name": "edge"});
        let file = self.env.path(&name("sound.yaml"));
        let file = json!({"kind": "file", "path": file, "document": 1, "name": "edge"});
        history(&self.env, "0000", &elsewhere);
        history(&self.env, "0001", &edge);
        history(&self.env, "0002", &file);
        self.env.write("token", "no.token");
        self.env.profile(
            "ci",
            &json!({"name": EVIL, "request": {"token": "x", "endpoint": EVIL}, "context": {"org": EVIL}}),
            false,
        );
    }

    /// Something was shown that must not be; the walk goes on, so that all of it is told at once.
    pub(super) fn complain(&self, what: String) {
        self.complaints.lock().unwrap().push(what);
    }

    #[track_caller]
    pub(super) fn is_well(&self) {
        let found = self.complaints.lock().unwrap();
        let shown: Vec<&String> = found.iter().take(12).collect();
        assert!(found.is_empty(), "{} complaints: {shown:#?}", found.len());
    }

    /// A file or folder of the world.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        match file {
            "stdin.yaml" | "token" | "" => self.env.path(file),
            file => self.env.path(&name(file)),
        }
    }
}

/// The path with every part hostile; short enough for a file system.
fn name(path: &str) -> String {
    let part = |part: &str| {
        let evil: String = EVIL.chars().filter(|c| *c != '/').collect();
        format!("{evil}{part}")
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// As a double-quoted text of YAML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c.is_ascii_graphic() && !"\"\\".contains(c) || c == ' ' {
            out.push(c);
        } else {
            let _ = write!(out, "\\U{:08x}", u32::from(c));
        }
    }
    out + "\""
}

/// A cluster whose every other text is hostile.
fn manifest(cluster: &str, region: &str) -> String {
    let (cluster, region, evil) = (quoted(cluster), quoted(region), quoted(EVIL));
    format!(
        "kind: mk8s\nname: {cluster}\ndescription: {evil}\ntags: {{{evil}: {evil}}}\nspec:\n  \
         version: {evil}\n  provider:\n    hetzner: {{region: {region}, networkId: {evil}, tokenSecretLink: {evil}}}\n  \
         addOns:\n    awsWorkloadIdentity: {{}}\n    {evil}: {{{evil}: {evil}}}\n    metrics: {{{evil}: {evil}}}\n    \
         awsECR: {{roleArn: {evil}}}\n    awsEFS: true\n"
    )
}

/// `prod` is hostile throughout; `edge` is sound where the AWS commands look. Both repeat the token that
/// was sent.
fn cluster(name: &str, sent: &str) -> Value {
    let edge = name == "edge";
    let role = if edge {
        format!("arn:aws:iam::{ACCOUNT}:role/mk8s-acme-edge-ecr")
    } else {
        EVIL.to_owned()
    };
    let issuer = if edge {
        "https://127.0.0.1:9/edge"
    } else {
        EVIL
    };
    let provider = if edge { "hetzner" } else { EVIL };
    let federated = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/127.0.0.1:9/edge");
    let federated = if edge { &federated } else { EVIL };
    let condition = if edge {
        json!({"127.0.0.1:9/edge:aud": "sts.amazonaws.com", "127.0.0.1:9/edge:sub": "system:serviceaccount:kube-system:ecr"})
    } else {
        json!({EVIL: EVIL})
    };
    json!({
        "kind": "mk8s", "name": name, "id": "x", "version": 3, "alias": sent, "description": EVIL,
        "tags": {EVIL: EVIL}, "created": EVIL, "lastModified": EVIL,
        "spec": {
            "version": EVIL, "provider": {provider: {"region": EVIL, "networkId": EVIL}},
            "addOns": {
                "awsWorkloadIdentity": {}, EVIL: {EVIL: EVIL}, "awsECR": {"roleArn": role},
                "metrics": {EVIL: EVIL, "echo": sent, sent: EVIL},
            },
        },
        "status": {
            "oidcProviderUrl": issuer, "serverUrl": EVIL,
            "addOns": {
                "metrics": {EVIL: EVIL},
                "awsECR": {"trustPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": if edge { LATIN } else { EVIL }, "Effect": "Allow",
                        "Principal": {"Federated": federated},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {"StringEquals": condition},
                    }],
                }},
            },
        },
    })
}

fn api(path: &str, sent: &str) -> Answer {
    let path = path.split('?').next().unwrap_or_default();
    match path.strip_prefix("/org/acme/mk8s") {
        Some("") => {
            // A name that no cluster has makes the whole list none of Control Plane's.
            let items = ["prod", "edge", "third"].map(|name| cluster(name, sent));
            Answer::json(
                200,
                &json!({"kind": "list", "itemKind": "mk8s", "links": [], "items": items}),
            )
        }
        Some(name @ ("/prod" | "/edge")) => Answer::json(200, &cluster(&name[1..], sent)),
        _ => refusal(404, sent),
    }
}

fn refusal(status: u16, sent: &str) -> Answer {
    let echo = format!("{EVIL} {sent}");
    let problem = json!({
        "status": EVIL, "message": echo, "code": echo, "id": echo,
        "details": [{"message": echo, "path": [echo]}, echo, {EVIL: echo}],
    });
    let headers = [
        ("Content-Type", "application/json"),
        ("x-cpln-request-id", EVIL_HEADER),
        ("x-request-id", EVIL_HEADER),
    ];
    Answer::headers(status, &headers, &problem.to_string())
}

/// IAM and STS, whose names, tags and documents somebody made up.
fn iam(body: &str, refused: bool) -> Answer {
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="))
        .unwrap_or_default();
    let evil = evil_in_xml();
    let mut document = String::new();
    for byte in policy().to_string().bytes() {
        let _ = write!(document, "%{byte:02X}");
    }
    let role = format!("arn:aws:iam::{ACCOUNT}:role/mk8s-acme-edge-ecr");
    let tags = format!(
        "<Tags><member><Key>{evil}</Key><Value>{evil}</Value></member><member><Key>managed-by</Key><Value>mk8s</Value></member><member><Key>mk8s-cluster</Key><Value>{evil}</Value></member></Tags>"
    );
    let made = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
    let result = match action {
        _ if refused => None,
        "GetCallerIdentity" => Some(format!(
            "<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/{evil}</Arn><UserId>{evil}</UserId>"
        )),
        "ListOpenIDConnectProviders" => Some(format!(
            "<OpenIDConnectProviderList><member><Arn>arn:aws:iam::{ACCOUNT}:oidc-provider/{evil}</Arn></member><member><Arn>arn:aws:iam::{ACCOUNT}:oidc-provider/127.0.0.1:9/edge/</Arn></member></OpenIDConnectProviderList>"
        )),
        "GetOpenIDConnectProvider" => Some(format!(
            "<Url>{evil}</Url><ClientIDList><member>{evil}</member></ClientIDList><ThumbprintList><member>{evil}</member></ThumbprintList>{tags}{made}"
        )),
        "GetRole" => Some(format!(
            "<Role><RoleName>mk8s-acme-edge-ecr</RoleName><RoleId>{evil}</RoleId><Arn>{role}</Arn><Path>/</Path>{made}<Description>{evil}</Description><AssumeRolePolicyDocument>{document}</AssumeRolePolicyDocument>{tags}<RoleLastUsed><LastUsedDate>2026-01-01T00:00:00Z</LastUsedDate><Region>{evil}</Region></RoleLastUsed></Role>"
        )),
        "ListRoleTags" => Some(format!("{tags}<IsTruncated>false</IsTruncated>")),
        "ListAttachedRolePolicies" => Some(format!(
            "<AttachedPolicies><member><PolicyName>{evil}</PolicyName><PolicyArn>arn:aws:iam::{ACCOUNT}:policy/{evil}</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>"
        )),
        "ListRolePolicies" => Some(format!(
            "<PolicyNames><member>{evil}</member></PolicyNames><IsTruncated>false</IsTruncated>"
        )),
        _ => None,
    };
    let (status, text) = match result {
        Some(result) => (
            200,
            format!(
                "<{action}Response><{action}Result>{result}</{action}Result><ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></{action}Response>"
            ),
        ),
        None => (
            403,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{evil}</Message></Error><RequestId>{evil}</RequestId></ErrorResponse>",
                if refused { &evil } else { "AccessDenied" }
            ),
        ),
    };
    Answer::text(status, "text/xml", &text)
}

/// ECR: one document that answers every call, or none.
fn ecr(refused: bool) -> Answer {
    let image = json!({"imageTag": EVIL, "imageDigest": EVIL});
    let (status, body) = if refused {
        (400, json!({"__type": EVIL, "message": EVIL}))
    } else {
        let body = json!({
            "registryId": ACCOUNT, "repositoryName": EVIL, "policyText": policy().to_string(),
            "repositories": [{"repositoryName": "shop", "repositoryUri": EVIL, "repositoryArn": EVIL}],
            "images": [{"registryId": ACCOUNT, "repositoryName": EVIL, "imageId": image, "imageManifest": EVIL}],
            "imageDetails": [{"imageTags": [EVIL], "imageDigest": EVIL}],
            "failures": [{"imageId": image, "failureCode": EVIL, "failureReason": EVIL}],
            "pullThroughCacheRules": [{"ecrRepositoryPrefix": EVIL, "upstreamRegistryUrl": EVIL}],
        });
        (200, body)
    };
    Answer::text(status, "application/x-amz-json-1.1", &body.to_string())
}

/// A policy that somebody wrote, in the characters that IAM takes.
fn policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": LATIN, "Effect": "Allow", "Principal": {"AWS": LATIN, "Federated": LATIN},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {LATIN: LATIN}},
        }],
    })
}

/// A token of a user whose claims are hostile.
fn token() -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
        part(&json!({"alg": "RS256", "kid": EVIL})),
        part(&json!({
            "email": EVIL, "name": EVIL, "sub": EVIL, "iss": EVIL, "aud": EVIL, "exp": 4_000_000_000_u32,
        }))
    )
}
