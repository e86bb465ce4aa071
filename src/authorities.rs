//! The public certificate authorities, for a machine that has none: a container with nothing else in it.

use rustls::pki_types::CertificateDer;
use std::sync::OnceLock;

/// Those that are trusted because this machine has none; nothing where it has some, or where whoever runs us
/// has named others, whatever came of them.
pub(crate) fn in_place_of_the_systems() -> &'static [CertificateDer<'static>] {
    static MISSING: OnceLock<bool> = OnceLock::new();
    let are_missing = *MISSING.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        // The variables by which it finds them.
        let are_named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        found.certs.is_empty() && found.errors.is_empty() && !are_named
    });
    if are_missing {
        webpki_root_certs::TLS_SERVER_ROOT_CERTS
    } else {
        &[]
    }
}
