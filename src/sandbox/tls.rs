//! Certificates of the sandbox's issuers: a root, an intermediate and leaves for `localhost`, good
//! ones and bad ones.
//!
//! The root's key never leaves the process and can vouch for nothing but `localhost`, so that
//! trusting it puts no other connection at risk. Opens no sockets.

use super::fault::Certificate;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// The one name that certificates are for.
pub(super) const HOST: &str = "localhost";

type Authority = CertifiedIssuer<'static, KeyPair>;

/// What servers need for every certificate that the sandbox can show.
pub(super) struct Certificates {
    root: CertificateDer<'static>,
    configs: HashMap<Certificate, Arc<ServerConfig>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Certificates {
    /// Makes new keys and certificates, valid from yesterday on.
    pub(super) fn new() -> Result<Self, Error> {
        Self::make().map_err(|reason| {
            Error::failure("the sandbox has no certificates for its issuers").because(reason)
        })
    }

    fn make() -> Result<Self, String> {
        let today = OffsetDateTime::now_utc();
        let root = authority("mk8s sandbox root", today, None)?;
        let middle = authority("mk8s sandbox intermediate", today, Some(&root))?;
        let stranger = authority("mk8s sandbox stranger", today, None)?;
        let mut configs = HashMap::new();
        for kind in Certificate::ALL {
            let until = match kind {
                Certificate::Expired => today - Duration::hours(1),
                Certificate::Expiring => today + Duration::days(3),
                _ => today + Duration::days(365),
            };
            let name = match kind {
                Certificate::OtherHost => "other.localhost",
                _ => HOST,
            };
            let issuer = match kind {
                Certificate::Unknown => &stranger,
                _ => &middle,
            };
            let (leaf, key) = leaf(name, today, until, issuer)?;
            let mut chain = vec![leaf];
            if kind != Certificate::Incomplete {
                chain.push(issuer.der().clone());
            }
            configs.insert(kind, Arc::new(config(kind, chain, key)?));
        }
        Ok(Self {
            root: root.der().clone(),
            configs,
        })
    }

    /// What a server needs to show a certificate.
    pub(super) fn config(&self, kind: Certificate) -> Option<Arc<ServerConfig>> {
        self.configs.get(&kind).cloned()
    }

    /// The root, followed by everything that this machine trusts already: a file for
    /// `SSL_CERT_FILE`, which takes the place of the system's.
    pub(super) fn bundle(&self) -> String {
        let mut text = pem(&self.root);
        for known in rustls_native_certs::load_native_certs().certs {
            text.push_str(&pem(&known));
        }
        text
    }
}

fn config(
    kind: Certificate,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, String> {
    let versions: &[&rustls::SupportedProtocolVersion] = match kind {
        Certificate::Tls13 => &[&rustls::version::TLS13],
        _ => rustls::ALL_VERSIONS,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn authority(
    name: &str,
    today: OffsetDateTime,
    above: Option<&Authority>,
) -> Result<Authority, String> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = today - Duration::days(1);
    params.not_after = today + Duration::days(3650);
    params.is_ca = IsCa::Ca(match above {
        None => BasicConstraints::Unconstrained,
        Some(_) => BasicConstraints::Constrained(0),
    });
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(HOST.to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    match above {
        None => CertifiedIssuer::self_signed(params, key),
        Some(above) => {
            params.use_authority_key_identifier_extension = true;
            CertifiedIssuer::signed_by(params, key, above)
        }
    }
    .map_err(|error| error.to_string())
}

fn leaf(
    name: &str,
    today: OffsetDateTime,
    until: OffsetDateTime,
    issuer: &Authority,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), String> {
    let mut params =
        CertificateParams::new(vec![name.to_owned()]).map_err(|error| error.to_string())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = today - Duration::days(1);
    params.not_after = until;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params
        .signed_by(&key, issuer)
        .map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((certificate.der().clone(), key))
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        // Writing to a String cannot fail.
        let _ = writeln!(pem, "{line}");
        rest = next;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_configuration_and_the_bundle_starts_with_the_root() {
        let certificates = Certificates::new().unwrap();
        for kind in Certificate::ALL {
            assert!(certificates.config(kind).is_some(), "{kind:?}");
        }
        let bundle = certificates.bundle();
        assert!(bundle.starts_with(&pem(&certificates.root)));
        assert!(bundle.lines().all(|line| line.len() <= 64));
    }
}
