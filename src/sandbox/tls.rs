//! Certificates of the sandbox's issuers: a root, an intermediate and leaves for `localhost`, good
//! ones and bad ones.
//!
//! The root's key leaves the process only for the private file beside a state file, and can vouch
//! for nothing but `localhost`, so that trusting it puts no other connection at risk. Opens no
//! sockets.

use super::defect::Certificate;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

/// The one name that certificates are for.
pub(super) const HOST: &str = "localhost";

/// Root and intermediate, as they can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Authorities {
    /// When they were made, in Unix seconds.
    made: i64,
    root: StoredCertificate,
    intermediate: StoredCertificate,
}

/// A certificate and the key to it, DER in Base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredCertificate {
    key: String,
    certificate: String,
}

impl fmt::Debug for StoredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Authorities {
    /// Makes new ones.
    pub(super) fn new() -> Result<Self, String> {
        let now = OffsetDateTime::now_utc();
        let root = Authority::new(ROOT, now, None)?;
        let intermediate = Authority::new(INTERMEDIATE, now, Some(&root))?;
        Ok(Self {
            made: now.unix_timestamp(),
            root: root.kept(),
            intermediate: intermediate.kept(),
        })
    }

    fn restore(&self) -> Result<(Authority, Authority), String> {
        let made =
            OffsetDateTime::from_unix_timestamp(self.made).map_err(|error| error.to_string())?;
        let root = Authority::restore(&self.root, ROOT, made, true)?;
        let intermediate = Authority::restore(&self.intermediate, INTERMEDIATE, made, false)?;
        Ok((root, intermediate))
    }
}

const ROOT: &str = "mk8s sandbox root";
const INTERMEDIATE: &str = "mk8s sandbox intermediate";

/// What signs other certificates.
struct Authority {
    signer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// What servers need for every certificate that the sandbox can show, each made when it is first
/// shown: a sandbox whose issuers nobody asks starts no later for them.
pub(super) struct Certificates {
    root: CertificateDer<'static>,
    middle: Authority,
    configs: Mutex<HashMap<Certificate, Arc<ServerConfig>>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Certificates {
    /// Certificates for the servers, valid from the day before they are made, below the authorities
    /// that are given, or below new ones.
    pub(super) fn new(kept: Option<&Authorities>) -> Result<Self, Error> {
        let authorities = match kept {
            Some(kept) => kept.restore(),
            None => Authorities::new().and_then(|made| made.restore()),
        };
        let (root, middle) = authorities.map_err(|reason| {
            Error::failure("the sandbox has no certificates for its issuers").because(reason)
        })?;
        Ok(Self {
            root: root.certificate,
            middle,
            configs: Mutex::default(),
        })
    }

    /// What a server needs to show a certificate.
    pub(super) fn config(&self, kind: Certificate) -> Result<Arc<ServerConfig>, String> {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(&kind) {
            return Ok(config.clone());
        }
        let config = Arc::new(self.make(kind)?);
        configs.insert(kind, config.clone());
        Ok(config)
    }

    fn make(&self, kind: Certificate) -> Result<ServerConfig, String> {
        let today = OffsetDateTime::now_utc();
        let until = match kind {
            Certificate::Expired => today - Duration::hours(1),
            Certificate::Expiring => today + Duration::days(3),
            _ => today + Duration::days(365),
        };
        let name = match kind {
            Certificate::OtherHost => "other.localhost",
            _ => HOST,
        };
        let stranger;
        let issuer = match kind {
            Certificate::Unknown => {
                stranger = Authority::new("mk8s sandbox stranger", today, None)?;
                &stranger
            }
            _ => &self.middle,
        };
        let (leaf, key) = leaf(name, today, until, issuer)?;
        let mut chain = vec![leaf];
        if kind != Certificate::Incomplete {
            chain.push(issuer.certificate.clone());
        }
        config(kind, chain, key)
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

impl Authority {
    fn new(name: &str, made: OffsetDateTime, above: Option<&Self>) -> Result<Self, String> {
        let params = authority(name, made, above.is_none());
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let certificate = match above {
            None => params.self_signed(&key),
            Some(above) => params.signed_by(&key, &above.signer),
        };
        Ok(Self {
            certificate: certificate
                .map_err(|error| error.to_string())?
                .der()
                .clone(),
            signer: Issuer::new(params, key),
        })
    }

    fn kept(&self) -> StoredCertificate {
        StoredCertificate {
            key: STANDARD.encode(self.signer.key().serialize_der()),
            certificate: STANDARD.encode(&self.certificate),
        }
    }

    fn restore(
        kept: &StoredCertificate,
        name: &str,
        made: OffsetDateTime,
        is_root: bool,
    ) -> Result<Self, String> {
        let unreadable = || "the authorities that were kept cannot be read".to_owned();
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| unreadable());
        let key = KeyPair::try_from(decode(&kept.key)?).map_err(|_| unreadable())?;
        Ok(Self {
            certificate: CertificateDer::from(decode(&kept.certificate)?),
            signer: Issuer::new(authority(name, made, is_root), key),
        })
    }
}

/// What an authority's certificate says.
fn authority(name: &str, made: OffsetDateTime, is_root: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = made - Duration::days(1);
    params.not_after = made + Duration::days(3650);
    params.is_ca = IsCa::Ca(if is_root {
        BasicConstraints::Unconstrained
    } else {
        BasicConstraints::Constrained(0)
    });
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(HOST.to_owned())],
        excluded_subtrees: Vec::new(),
    });
    params.use_authority_key_identifier_extension = !is_root;
    params
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
        .signed_by(&key, &issuer.signer)
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
        let kept = Authorities::new().unwrap();
        let certificates = Certificates::new(Some(&kept)).unwrap();
        for kind in [
            Certificate::Good,
            Certificate::Expired,
            Certificate::Expiring,
            Certificate::Unknown,
            Certificate::Incomplete,
            Certificate::OtherHost,
            Certificate::Tls13,
        ] {
            let (one, same) = (certificates.config(kind), certificates.config(kind));
            assert!(Arc::ptr_eq(&one.unwrap(), &same.unwrap()), "{kind:?}");
        }
        let bundle = certificates.bundle();
        assert!(bundle.starts_with(&pem(&certificates.root)));
        assert!(bundle.lines().all(|line| line.len() <= 64));
        let again = Certificates::new(Some(&kept)).unwrap();
        assert_eq!(again.root, certificates.root);
        assert_ne!(Certificates::new(None).unwrap().root, certificates.root);
    }
}
