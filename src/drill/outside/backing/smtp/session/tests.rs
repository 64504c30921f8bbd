use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, BufReader};

use super::*;

/// What a client that says all this at once is told.
fn told(mood: Mood, secure: bool, said: &[u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (mut near, far) = tokio::io::duplex(1 << 20);
        near.write_all(said).await.unwrap();
        near.shutdown().await.unwrap();
        let mut stream = BufReader::new(far);
        let _ = Session::new(mood, secure).serve(&mut stream).await;
        drop(stream);
        let mut told = String::new();
        near.read_to_string(&mut told).await.unwrap();
        told
    })
}

fn codes(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.get(3..4) == Some(" ")).filter_map(|line| line.get(..3)).collect()
}

const LOGIN: &str = "EHLO me\r\nAUTH PLAIN AG5vcmVwbHlAZXhhbXBsZS5jb20AZXhhbXBsZQ==\r\n";
const MAIL: &str = "MAIL FROM:<noreply@example.com>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";

#[test]
fn a_mail_all_at_once_after_a_login_and_never_before() {
    let told_all = told(Mood::Well, true, format!("{LOGIN}{MAIL}").as_bytes());
    assert_eq!(codes(&told_all), ["250", "235", "250", "250", "354", "250", "221"], "{told_all}");
    let early = told(Mood::Well, true, format!("EHLO me\r\n{MAIL}").as_bytes());
    assert_eq!(codes(&early)[..4], ["250", "530", "503", "503"], "{early}");
    let clear = told(Mood::Well, false, format!("EHLO me\r\nAUTH PLAIN x\r\n{MAIL}").as_bytes());
    assert_eq!(codes(&clear)[..3], ["250", "530", "530"], "{clear}");
}

#[test]
fn a_second_mail_cannot_hide_in_the_first() {
    let smuggled = "MAIL FROM:<noreply@example.com>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nhello\n.\nMAIL FROM:<x@y>\r\n\
        .\r\nQUIT\r\n";
    let told = told(Mood::Well, true, format!("{LOGIN}{smuggled}").as_bytes());
    assert_eq!(codes(&told)[4..], ["354", "550", "221"], "{told}");
}

#[test]
fn moods_answer_where_they_would_be_felt() {
    let at = |code: &str| told(Mood::Says(code.to_owned()), true, format!("{LOGIN}{MAIL}").as_bytes());
    assert_eq!(codes(&at("535"))[..2], ["250", "535"]);
    assert_eq!(codes(&at("454"))[..2], ["250", "454"]);
    assert_eq!(codes(&at("450"))[3..5], ["450", "503"]);
    assert_eq!(at("421"), "");
    let halves = told(Mood::Well, true, b"EHLO me\r\nAUTH LOGIN\r\nbm9yZXBseUBleGFtcGxlLmNvbQ==\r\nZXhhbXBsZQ==\r\n");
    assert_eq!(codes(&halves), ["250", "334", "334", "235"], "{halves}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn garbage_is_borne(bytes in proptest::collection::vec(any::<u8>(), 0..600), secure: bool) {
        told(Mood::Well, secure, &bytes);
    }
}
