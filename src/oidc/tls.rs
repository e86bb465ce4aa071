//! How a server's certificates look, without insisting that they are good.
//!
//! The verdict is the system's, or that of `SSL_CERT_FILE`; a bad one is noted and the connection
//! goes on, because only public documents are fetched over it and AWS may know the certificate by
//! its thumbprint. Never to be used for a connection that carries a secret.

use crate::authorities;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// A certificate that ends sooner than this is worth a warning.
pub(crate) const SOON: Duration = Duration::from_hours(14 * 24);

/// What was seen of one server.
#[derive(Debug, Clone)]
pub(crate) struct Handshake {
    /// The certificates as they were served, the server's own first, in DER.
    pub(crate) chain: Vec<Vec<u8>>,
    /// Why the certificate is not trusted; `None` if it is.
    pub(crate) distrust: Option<Distrust>,
    /// Whether a public authority vouches for it, whatever this machine trusts besides and however
    /// old it is.
    pub(crate) is_public: bool,
    /// When the first certificate ends, if that is within [`SOON`] or past.
    pub(crate) ends: Option<OffsetDateTime>,
    /// The version that both sides agreed on.
    pub(crate) version: Option<&'static str>,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It has expired.
    Expired,
    /// Nobody whom this machine trusts vouches for it, or an intermediate certificate was not
    /// served.
    UnknownIssuer,
    /// It is for another host.
    OtherHost,
    /// Something else, as the TLS library says it.
    Other(String),
}

impl Handshake {
    /// The SHA-1 of the last certificate that was served, in hex: what AWS calls the thumbprint.
    pub(crate) fn thumbprint(&self) -> Option<String> {
        self.chain.last().map(|certificate| sha1(certificate))
    }

    /// The same of every certificate that was served, if no public authority vouches for them:
    /// then AWS goes by what is registered.
    pub(crate) fn private_chain(&self) -> Option<Vec<String>> {
        (!self.is_public).then(|| self.chain.iter().map(|it| sha1(it)).collect())
    }
}

fn sha1(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Notes what servers show, and lets every certificate pass.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    inner: Arc<Verifier>,
    public: Arc<WebPkiServerVerifier>,
    seen: Arc<Mutex<Vec<(String, Handshake)>>>,
}

impl Observer {
    /// Loads what the system trusts, and the public authorities; the error is the reason.
    pub(super) fn new() -> Result<Self, String> {
        Self::with_public(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned())
    }

    /// The same, with these for the public authorities.
    fn with_public(
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities);
        let public = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .map_err(|error| error.to_string())?;
        let inner = Verifier::new(Arc::clone(&provider)).or_else(|_| {
            // A machine without any authority.
            let known = authorities::in_place_of_the_systems().iter().cloned();
            Verifier::new_with_extra_roots(known, provider)
        });
        let inner = inner.map_err(|error| error.to_string())?;
        Ok(Self {
            inner: Arc::new(inner),
            public,
            seen: Arc::default(),
        })
    }

    /// Everything so far, by host, in the order in which it came.
    pub(super) fn seen(&self) -> Vec<(String, Handshake)> {
        self.lock().clone()
    }

    /// Whether a public authority vouches for the certificate. A date or a name that does not fit
    /// does not make it another's.
    fn is_public(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> bool {
        use CertificateError as Bad;
        let judge = |at| {
            let public = &self.public;
            match public.verify_server_cert(end_entity, intermediates, server_name, &[], at) {
                Ok(_) => None,
                Err(rustls::Error::InvalidCertificate(bad)) => Some(bad),
                Err(_) => Some(Bad::BadEncoding),
            }
        };
        let bad = match judge(now) {
            Some(Bad::ExpiredContext { not_after, .. }) => judge(not_after),
            Some(Bad::NotValidYetContext { not_before, .. }) => judge(not_before),
            other => other,
        };
        matches!(
            bad,
            None | Some(Bad::NotValidForName | Bad::NotValidForNameContext { .. })
        )
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Handshake)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signature belongs to the handshake whose certificate was noted last with this leaf.
    fn note_version(&self, leaf: &CertificateDer<'_>, version: &'static str) {
        for (_, handshake) in self.lock().iter_mut() {
            if handshake.chain.first().map(Vec::as_slice) == Some(leaf.as_ref()) {
                handshake.version = Some(version);
            }
        }
    }
}

impl ServerCertVerifier for Observer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judge = |at: UnixTime| {
            self.inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)
        };
        let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + SOON);
        let ends = match judge(later) {
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after,
                ..
            })) => i64::try_from(not_after.as_secs())
                .ok()
                .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
            _ => None,
        };
        let host = server_name.to_str().into_owned();
        let handshake = Handshake {
            chain: std::iter::once(end_entity)
                .chain(intermediates)
                .map(|certificate| certificate.to_vec())
                .collect(),
            distrust: judge(now).err().map(|error| distrust(&error)),
            is_public: self.is_public(end_entity, intermediates, server_name, now),
            ends,
            version: None,
        };
        let mut seen = self.lock();
        if seen.iter().all(|(known, _)| *known != host) {
            seen.push((host, handshake));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.note_version(cert, "TLS 1.2");
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.note_version(cert, "TLS 1.3");
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn distrust(error: &rustls::Error) -> Distrust {
    use rustls::Error::InvalidCertificate;
    match error {
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Distrust::Expired
        }
        InvalidCertificate(CertificateError::UnknownIssuer) => Distrust::UnknownIssuer,
        InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Distrust::OtherHost,
        other => Distrust::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_sha1_in_hex() {
        const ABC: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let mut handshake = Handshake {
            chain: vec![b"leaf".to_vec(), b"abc".to_vec()],
            distrust: None,
            is_public: false,
            ends: None,
            version: None,
        };
        assert_eq!(handshake.thumbprint().as_deref(), Some(ABC));
        let chain = handshake.private_chain().unwrap();
        assert_eq!((chain.len(), chain[1].as_str()), (2, ABC));
        handshake.is_public = true;
        assert_eq!(handshake.private_chain(), None);
    }

    /// An authority and a certificate of its for `localhost`, valid between these days from now.
    fn issued(name: &str, days: (i64, i64)) -> (CertificateDer<'static>, CertificateDer<'static>) {
        use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
        let now = OffsetDateTime::now_utc();
        let mut root = CertificateParams::new([]).unwrap();
        root.distinguished_name.push(DnType::CommonName, name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.not_before = now - time::Duration::days(1000);
        root.not_after = now + time::Duration::days(1000);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(["localhost".to_owned()]).unwrap();
        leaf.not_before = now + time::Duration::days(days.0);
        leaf.not_after = now + time::Duration::days(days.1);
        let leaf = leaf
            .signed_by(&KeyPair::generate().unwrap(), &root)
            .unwrap();
        (root.der().clone(), leaf.der().clone())
    }

    #[test]
    fn a_public_authority_counts_whatever_the_date_and_the_name() {
        for (days, host) in [
            ((-1, 90), "localhost"),
            ((-90, -1), "localhost"),
            ((1, 90), "localhost"),
            ((-1, 90), "other.localhost"),
        ] {
            let (root, leaf) = issued("known", days);
            let (other, _) = issued("other", days);
            let name = ServerName::try_from(host).unwrap();
            for (public, is_public) in [(root.clone(), true), (other, false)] {
                let observer = Observer::with_public([public]).unwrap();
                // The authority's own certificate may be served as well.
                for served in [&[][..], std::slice::from_ref(&root)] {
                    let now = UnixTime::now();
                    let found = observer.is_public(&leaf, served, &name, now);
                    assert_eq!(found, is_public, "{days:?} {host}");
                }
            }
        }
    }

    #[test]
    fn the_public_authorities_are_built_in() {
        let (root, leaf) = issued("mine", (-1, 90));
        let name = ServerName::try_from("localhost").unwrap();
        let observer = Observer::new().unwrap();
        assert!(!observer.is_public(&leaf, &[root], &name, UnixTime::now()));
        assert!(webpki_root_certs::TLS_SERVER_ROOT_CERTS.len() > 50);
    }
}
