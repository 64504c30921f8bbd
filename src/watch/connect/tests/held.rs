//! What a kubeconfig that is read again may change.

use super::*;

#[tokio::test]
async fn the_context_of_the_first_success_is_kept() {
    let home = Home::new();
    let file = |current: &str| {
        let text = format!(
            "current-context: {current}\ncontexts: [{{name: a, context: {{cluster: a}}}}, {{name: b, context: {{cluster: b}}}}]\n\
             clusters: [{{name: a, cluster: {{server: 'https://203.0.113.1'}}}}, {{name: b, cluster: {{server: 'https://203.0.113.2'}}}}]\n"
        );
        home.write("config", &text)
    };
    let mut connector = connector(file("a"));
    assert_eq!(connector.connect(false).await.expect("access").cluster.server, "https://203.0.113.1");
    file("b");
    assert_eq!(connector.connect(true).await.expect("access").cluster.server, "https://203.0.113.1");
}

#[tokio::test]
async fn after_the_first_contact_only_credentials_are_taken_from_the_kubeconfig() {
    let (home, own, foreign) = (Home::new(), authority(), authority());
    let mut connector = connector(home.kubeconfig("https://203.0.113.1", Some(&own), "{token: first}"));
    let access = connector.connect(false).await.expect("access");
    home.kubeconfig("https://203.0.113.2", Some(&own), "{token: second}");
    let moved = connector.connect(false).await.expect("access");
    assert_eq!((moved.cluster.server.as_str(), moved.changed.as_str()), ("https://203.0.113.2", ""), "no contact yet");

    connector.hold(&access);
    let held = connector.connect(true).await.expect("access");
    assert_eq!(held.cluster.server, "https://203.0.113.1");
    assert!(held.changed.contains("https://203.0.113.2"), "{}", held.changed);
    assert!(Arc::ptr_eq(&held.endpoints[0], &access.endpoints[0]), "with the credentials that belong to it");
    home.kubeconfig("https://203.0.113.1", Some(&foreign), "{token: third}");
    let held = connector.connect(true).await.expect("access");
    assert!(held.changed.contains("authority"), "{}", held.changed);

    home.kubeconfig("https://203.0.113.1", Some(&own), "{token: fourth}");
    let renewed = connector.connect(true).await.expect("access");
    assert!(renewed.changed.is_empty() && !Arc::ptr_eq(&renewed.endpoints[0], &access.endpoints[0]));
}
