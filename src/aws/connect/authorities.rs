//! The file of trusted authorities that `AWS_CA_BUNDLE` or a profile names.

use crate::authorities;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The longest that the file may be; the list of a system has a quarter of a megabyte.
const LONGEST: u64 = 8 << 20;

/// The certificates that can be trusted, in PEM. One that cannot be understood is left out, as
/// everywhere; without any other it is an error.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = read(path, LONGEST)?;
    let mut roots = RootCertStore::empty();
    let mut pem = String::new();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|_| "it is not PEM".to_owned())?;
        // The HTTP client takes what it is given without looking.
        if roots.add(certificate.clone()).is_ok() {
            pem.push_str(&armoured(&certificate));
        }
    }
    if roots.is_empty() {
        return Err("it has no certificate that can be used".to_owned());
    }
    Ok(pem.into_bytes())
}

/// The public ones in PEM, where this machine has none.
pub(super) fn in_place_of_the_systems() -> Option<Vec<u8>> {
    let public = authorities::in_place_of_the_systems();
    let pem: String = public.iter().map(armoured).collect();
    (!public.is_empty()).then(|| pem.into_bytes())
}

fn armoured(certificate: &CertificateDer<'_>) -> String {
    let lines = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// Reads a file that is not longer than that. What is no file, such as a pipe, may never end.
pub(in crate::aws) fn read(path: &Path, longest: u64) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| error.to_string();
    let meta = path.metadata().map_err(words)?;
    if !meta.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(words)?;
    file.take(longest + 1)
        .read_to_end(&mut bytes)
        .map_err(words)?;
    if bytes.len() as u64 > longest {
        return Err(format!("it is longer than {} KiB", longest >> 10));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bundle_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(load(&path).unwrap_err().contains("No such file"));
        assert_eq!(load(folder.path()).unwrap_err(), "it is not a file");
        let none = "it has no certificate that can be used";
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            ("", none),
            ("hello", none),
            (bad, none),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "it is not PEM"),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(load(&path).unwrap_err(), why, "{text}");
        }
        let real = include_str!("../../../tests/fixtures/tls/ca.pem");
        std::fs::write(&path, format!("# ours\n{bad}{real}")).unwrap();
        let found = String::from_utf8(load(&path).unwrap()).unwrap();
        assert_eq!(found.matches("BEGIN").count(), 1, "{found}");
        assert_eq!(read(&path, 10).unwrap_err(), "it is longer than 0 KiB");
    }
}
