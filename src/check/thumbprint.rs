//! The check of the provider's thumbprints. Pure.

use super::aws_view::AwsView;
use super::facts::IssuerFacts;
use super::words::judged;
use super::{Finding, Scene};
use crate::aws::quotable;
use crate::aws::thumbprint::PrivateCa;

pub(super) fn fits(scene: &Scene<'_>) -> Vec<Finding> {
    judged(AwsView::of(scene).map(|view| {
        let Some(provider) = view.provider() else {
            return Finding::skip("there is no OIDC provider");
        };
        let look = scene.issuer.get().and_then(IssuerFacts::look);
        let Some((_, shown)) = look.and_then(|look| look.handshakes.first()) else {
            return if provider.thumbprints.is_empty() {
                Finding::pass("no thumbprint is stored: AWS goes by public authorities")
            } else {
                Finding::skip("the issuer's certificates cannot be seen from here")
            };
        };
        let Some(ca) = shown.private_chain().and_then(PrivateCa::of_chain) else {
            return Finding::pass(
                "thumbprints are not used: a public authority vouches for the issuer",
            );
        };
        if ca.fits(provider) {
            return Finding::pass("a thumbprint of the provider is the issuer's");
        }
        let (served, stored) = (&ca.thumbprint, &provider.thumbprints);
        let stored: Vec<String> = stored.iter().map(|it| quotable(it)).collect();
        let stored = if stored.is_empty() {
            "none".to_owned()
        } else {
            stored.join(", ")
        };
        let finding = Finding::fail("no thumbprint of the provider is the issuer's");
        let seen = format!(
            "its certificate is not from a public authority; stored: {stored}; served: {served}"
        );
        if view.cluster.is_local() {
            return finding
                .evidence(seen)
                .fix(view.setup().plain("--only oidc-provider"));
        }
        // Never a command with what was seen: it would let in whoever stands in between.
        finding
            .evidence(format!(
                "{seen}, as seen from here: behind a proxy that opens TLS it is the proxy's, so the \
                 one to register has to be checked elsewhere"
            ))
            .fix(view
                    .setup()
                    .plain("--only oidc-provider")
                    .flag_hole("--thumbprint", "HEX"))
    }))
}
