//! Commands of the AWS CLI that are printed to be pasted. Pure.
//!
//! A command acts where the run that printed it looked: it carries the profile, the region and the
//! endpoint that the run was given. What the run took from the environment, the command takes from
//! there as well.

use super::connect::Connection;
use crate::shell::{flags, quote};

impl Connection {
    /// `aws WORDS`; each word is quoted here and nowhere else.
    pub fn command(&self, words: &[&str]) -> String {
        self.with_region(self.region.as_deref(), words)
    }

    /// The same for a service with regions, where `region` is the one that is meant.
    pub fn command_in(&self, region: &str, words: &[&str]) -> String {
        self.with_region(Some(region), words)
    }

    fn with_region(&self, region: Option<&str>, words: &[&str]) -> String {
        let mut command = "aws".to_owned();
        for word in words {
            command.push(' ');
            command.push_str(&quote(word));
        }
        command.push_str(&flags(&[
            ("--profile", given(self.profile.as_deref())),
            ("--region", given(region)),
            ("--endpoint-url", given(self.endpoint_url.as_deref())),
        ]));
        command
    }

    /// The flags of `mk8s` that make the same connection, each with a blank before it.
    pub fn flags(&self) -> String {
        flags(&[
            ("--aws-profile", given(self.profile.as_deref())),
            ("--aws-region", given(self.region.as_deref())),
            ("--aws-endpoint-url", given(self.endpoint_url.as_deref())),
        ])
    }
}

/// An empty text counts as none, as it does for the connection.
fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_acts_where_the_run_looked() {
        let bare = Connection::default();
        assert_eq!(
            bare.command(&["iam", "get-role", "--role-name", "a b"]),
            "aws iam get-role --role-name 'a b'"
        );
        assert_eq!(bare.flags(), "");
        let full = Connection {
            profile: Some("the registry".to_owned()),
            region: Some("eu-west-1".to_owned()),
            endpoint_url: Some("http://127.0.0.1:5000".to_owned()),
            ..Connection::default()
        };
        assert_eq!(
            full.command(&["sso", "login"]),
            "aws sso login --profile 'the registry' --region eu-west-1 \
             --endpoint-url http://127.0.0.1:5000"
        );
        assert_eq!(
            full.command_in("cn-north-1", &["ecr", "list-images"]),
            "aws ecr list-images --profile 'the registry' --region cn-north-1 \
             --endpoint-url http://127.0.0.1:5000"
        );
        assert_eq!(
            full.flags(),
            " --aws-profile 'the registry' --aws-region eu-west-1 \
             --aws-endpoint-url http://127.0.0.1:5000"
        );
        let empty = Connection {
            profile: Some(String::new()),
            ..Connection::default()
        };
        assert_eq!(
            (empty.command(&[]), empty.flags()),
            ("aws".into(), String::new())
        );
    }
}
