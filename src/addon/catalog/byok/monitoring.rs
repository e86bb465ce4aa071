//! What `byok.config.monitoring` holds.

use crate::addon::{Param, ParamKind};

const AUTHORIZATION: &[Param] = &[
    Param::new("type", ParamKind::Text, "scheme of the header").sample("Bearer"),
    Param::new(
        "credentials",
        ParamKind::AnyText,
        "credentials of the header",
    )
    .secret(),
    Param::new(
        "credentials_file",
        ParamKind::Text,
        "file that holds the credentials",
    ),
];

const BASIC_AUTH: &[Param] = &[
    Param::new("username", ParamKind::AnyText, "user"),
    Param::new("username_file", ParamKind::Text, "file that holds the user"),
    Param::new("password", ParamKind::AnyText, "password").secret(),
    Param::new(
        "password_file",
        ParamKind::Text,
        "file that holds the password",
    ),
];

const REMOTE_WRITE: &[Param] = &[
    Param::new("url", ParamKind::Url, "address that takes the metrics")
        .sample("https://metrics.example.com/push"),
    Param::new("name", ParamKind::Text, "name of this receiver").sample("main"),
    Param::new("remote_timeout", ParamKind::Text, "limit of one request").sample("30s"),
    Param::new("headers", ParamKind::Any, "headers of each request").secret(),
    Param::new(
        "http_headers",
        ParamKind::Any,
        "headers of each request, as Prometheus has them",
    )
    .secret(),
    Param::new(
        "basic_auth",
        ParamKind::Object(BASIC_AUTH),
        "HTTP basic authentication",
    )
    .secret(),
    Param::new(
        "authorization",
        ParamKind::Object(AUTHORIZATION),
        "the Authorization header",
    )
    .secret(),
    Param::new("oauth2", ParamKind::Any, "OAuth 2.0 client").secret(),
    Param::new("sigv4", ParamKind::Any, "AWS signature").secret(),
    Param::new("azuread", ParamKind::Any, "Azure AD authentication").secret(),
    Param::new("google_iam", ParamKind::Any, "Google Cloud authentication").secret(),
    Param::new("tls_config", ParamKind::Any, "TLS client"),
    Param::new("enable_http2", ParamKind::Bool, "whether HTTP/2 is used"),
    Param::new(
        "follow_redirects",
        ParamKind::Bool,
        "whether redirects are followed",
    ),
    Param::new("proxy_url", ParamKind::Url, "proxy of the requests")
        .sample("http://proxy.example.com:3128"),
    Param::new(
        "proxy_connect_header",
        ParamKind::Any,
        "headers to the proxy",
    )
    .secret(),
    Param::new(
        "proxy_from_environment",
        ParamKind::Bool,
        "whether the proxy comes from the environment",
    ),
    Param::new("no_proxy", ParamKind::Text, "hosts without the proxy").sample("10.0.0.0/8"),
    Param::new("queue_config", ParamKind::Any, "queue in memory"),
    Param::new(
        "send_exemplars",
        ParamKind::Bool,
        "whether exemplars are sent",
    ),
    Param::new(
        "send_native_histograms",
        ParamKind::Bool,
        "whether native histograms are sent",
    ),
    Param::new(
        "write_relabel_configs",
        ParamKind::List(&ParamKind::Any),
        "relabelling before sending",
    ),
];

const KUBE_STATE: &[Param] = &[Param::new(
    "minMemory",
    ParamKind::Quantity,
    "memory that kube-state-metrics asks for",
)
.default("25Mi")];

const PROMETHEUS_MAIN: &[Param] = &[Param::new(
    "storage",
    ParamKind::Quantity,
    "volume of the main Prometheus",
)
.default("10Gi")];

const PROMETHEUS: &[Param] = &[Param::new(
    "main",
    ParamKind::Object(PROMETHEUS_MAIN),
    "the main Prometheus",
)];

pub(super) const MONITORING: &[Param] = &[
    Param::new(
        "minMemory",
        ParamKind::Quantity,
        "memory that the monitoring asks for",
    )
    .default("100Mi"),
    Param::new(
        "maxMemory",
        ParamKind::Quantity,
        "memory that the monitoring may take",
    )
    .default("20Gi"),
    Param::new(
        "kubeStateMetrics",
        ParamKind::Object(KUBE_STATE),
        "the exporter of object states",
    ),
    Param::new(
        "prometheus",
        ParamKind::Object(PROMETHEUS),
        "the metrics store",
    ),
    Param::new(
        "remoteWrite",
        ParamKind::List(&ParamKind::Object(REMOTE_WRITE)),
        "receivers of a copy of the metrics, with the keys of Prometheus",
    )
    .called(&["remoteWrites"])
    .secret(),
    Param::new(
        "externalLabels",
        ParamKind::Map(&ParamKind::AnyText),
        "labels added to every metric",
    ),
];
