//! How a server's certificates look, without insisting that they are good.
//!
//! The verdict is the system's, or that of `SSL_CERT_FILE`; a bad one is noted and the connection
//! goes on, because only public documents are fetched over it and AWS may know the certificate by
//! its thumbprint. Never to be used for a connection that carries a secret.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// A certificate that ends sooner than this is worth a warning.
pub const SOON: Duration = Duration::from_hours(14 * 24);

/// What was seen of one server.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The certificates as they were served, the server's own first, in DER.
    pub chain: Vec<Vec<u8>>,
    /// Why the certificate is not trusted; `None` if it is.
    pub distrust: Option<Distrust>,
    /// When the first certificate ends, if that is within [`SOON`] or past.
    pub ends: Option<OffsetDateTime>,
    /// The version that both sides agreed on.
    pub version: Option<&'static str>,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
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
    pub fn thumbprint(&self) -> Option<String> {
        self.chain.last().map(|certificate| sha1(certificate))
    }

    /// The same of every certificate that was served.
    pub fn thumbprints(&self) -> Vec<String> {
        self.chain.iter().map(|it| sha1(it)).collect()
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
    seen: Arc<Mutex<Vec<(String, Handshake)>>>,
}

impl Observer {
    /// Loads what the system trusts; the error is the reason.
    pub(super) fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = Verifier::new(provider).map_err(|error| error.to_string())?;
        Ok(Self {
            inner: Arc::new(inner),
            seen: Arc::default(),
        })
    }

    /// Everything so far, by host, in the order in which it came.
    pub(super) fn seen(&self) -> Vec<(String, Handshake)> {
        self.lock().clone()
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
        let handshake = Handshake {
            chain: vec![b"leaf".to_vec(), b"abc".to_vec()],
            distrust: None,
            ends: None,
            version: None,
        };
        assert_eq!(
            handshake.thumbprint().as_deref(),
            Some("a9993e364706816aba3e25717850c26c9cd0d89d")
        );
        assert_eq!(handshake.thumbprints().len(), 2);
    }
}
