//! Commands in containers and ports of pods over WebSocket, with kube's own client and byte by byte.

use crashcart::drill::api::{Right, Rights};
use crashcart::drill::store::Store;
use crashcart::drill::world::Unit;
use crashcart::drill::{Options, Simulation};
use http::{Request, header};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{AttachParams, AttachedProcess, ListParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::api::{Client, User, client_of, send};
use crate::small::{Running, Small};

#[expect(clippy::disallowed_types, reason = "a client from outside")]
type Pods = kube::Api<Pod>;

async fn simulation() -> Simulation {
    Simulation::start(Options::default()).await.expect("a simulation")
}

/// The pods of the applications, and the name of the one that runs a workload.
async fn pods(client: Client, workload: &str) -> (Pods, String) {
    let pods = Pods::namespaced(client, "honeydue");
    let params = ListParams::default().labels(&format!("app.kubernetes.io/name={workload}"));
    let list = pods.list(&params).await.expect("a list");
    let running =
        list.items.into_iter().find(|p| p.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running")));
    (pods, running.and_then(|p| p.metadata.name).expect("a pod with a name"))
}

/// What a command writes, and its status.
async fn outcome(mut process: AttachedProcess) -> (String, String, Value) {
    let status = process.take_status().expect("its status");
    let (mut out, mut err) = (String::new(), String::new());
    if let Some(mut stream) = process.stdout() {
        stream.read_to_string(&mut out).await.expect("its output");
    }
    if let Some(mut stream) = process.stderr() {
        stream.read_to_string(&mut err).await.expect("its errors");
    }
    (out, err, serde_json::to_value(status.await.expect("a status")).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_answers_with_its_output_and_its_exit_code() {
    let simulation = simulation().await;
    let (pods, redis) = pods(client_of(simulation.server(), User::Admin), "redis").await;
    let run = async |words: &[&str]| {
        let process = pods.exec(&redis, words.iter().copied(), &AttachParams::default().stderr(true)).await;
        outcome(process.expect("a command")).await
    };
    let (out, err, status) = run(&["hostname"]).await;
    assert_eq!((out.trim_end(), err.as_str(), &status["status"]), (redis.as_str(), "", &json!("Success")));

    let (out, err, status) = run(&["sh", "-c", "echo told; ls /nowhere"]).await;
    assert_eq!((out.as_str(), err.as_str()), ("told\n", "ls: /nowhere: No such file or directory\n"));
    let causes = json!([{"reason": "ExitCode", "message": "1"}]);
    assert_eq!((&status["reason"], &status["details"]["causes"]), (&json!("NonZeroExitCode"), &causes));
    assert_eq!(status["message"], "command terminated with non-zero exit code: command terminated with exit code 1");

    let (out, _, status) = run(&["htop"]).await;
    assert_eq!((out.as_str(), &status["reason"], &status["code"]), ("", &json!("InternalError"), &json!(500)));
    let told = status["message"].as_str().expect("a message");
    assert!(told.ends_with("exec: \"htop\": executable file not found in $PATH: unknown"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reads_what_is_typed() {
    let simulation = simulation().await;
    let (pods, api) = pods(client_of(simulation.server(), User::Admin), "api").await;
    let mut process = pods.exec(&api, ["cat"], &AttachParams::default().stdin(true)).await.expect("a command");
    let mut typing = process.stdin().expect("its input");
    typing.write_all(b"one\ntwo").await.expect("typed");
    typing.shutdown().await.expect("closed");
    drop(typing);
    let (out, _, status) = outcome(process).await;
    assert_eq!((out.as_str(), &status["status"]), ("one\ntwo\n", &json!("Success")));

    let terminal = AttachParams::interactive_tty();
    let mut process = pods.exec(&api, ["sh"], &terminal).await.expect("a shell");
    let mut typing = process.stdin().expect("its input");
    typing.write_all(b"echo $POR\x7fRT\rexit 4\r").await.expect("typed");
    let (out, _, status) = outcome(process).await;
    assert_eq!(out, "/ # echo $POR\u{8} \u{8}RT\r\n8000\r\n/ # exit 4\r\n");
    assert_eq!(status["details"]["causes"][0]["message"], "4");
}

/// The code and the message of a refusal.
fn refusal<T>(outcome: kube::Result<T>) -> (u16, String) {
    match outcome {
        Err(kube::Error::Api(status)) => (status.code, status.message),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_refused_as_a_real_server_refuses_it() {
    let simulation = simulation().await;
    let server = simulation.server();
    let (pods, redis) = pods(client_of(server, User::Admin), "redis").await;
    let with = |container: &str| AttachParams::default().container(container);
    let (code, told) = refusal(pods.exec("none", ["ls"], &AttachParams::default()).await);
    assert_eq!((code, told.as_str()), (404, "pods \"none\" not found"));
    let (code, told) = refusal(pods.exec(&redis, ["ls"], &with("other")).await);
    assert_eq!((code, told), (400, format!("container other is not valid for pod {redis}")));

    let viewer = Pods::namespaced(client_of(server, User::Viewer), "honeydue");
    let want = format!(
        "pods {redis:?} is forbidden: User \"viewer\" cannot get resource \"pods/exec\" in API group \"\" in the namespace \"honeydue\""
    );
    assert_eq!(refusal(viewer.exec(&redis, ["ls"], &AttachParams::default()).await), (403, want));
    assert_eq!(refusal(viewer.portforward(&redis, &[6379]).await).0, 403);
    server.restrict(Rights::Only(vec![Right::new("get", "", "pods/exec")]));
    let restricted = Pods::namespaced(client_of(server, User::Restricted), "honeydue");
    let process = restricted.exec(&redis, ["hostname"], &AttachParams::default()).await.expect("a command");
    assert_eq!(outcome(process).await.0.trim_end(), redis);
    assert_eq!(refusal(restricted.portforward(&redis, &[6379]).await).0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_upgrade_there_is_no_stream() {
    let simulation = simulation().await;
    let client = client_of(simulation.server(), User::Admin);
    let (_, redis) = pods(client.clone(), "redis").await;
    for (path, upgrade, want) in [
        ("exec?command=ls&stdout=1", "", "Upgrade request required"),
        ("portforward?ports=6379", "", "Upgrade request required"),
        (
            "exec?command=ls&stdout=1",
            "SPDY/3.1",
            "this API server upgrades connections to WebSocket, not to \"SPDY/3.1\"",
        ),
        ("portforward", "SPDY/3.1", "this API server upgrades connections to WebSocket, not to \"SPDY/3.1\""),
        ("exec?command=ls&stdout=1", "websocket", "a WebSocket needs a key and version 13"),
    ] {
        for method in ["GET", "POST"] {
            let request =
                Request::builder().method(method).uri(format!("/api/v1/namespaces/honeydue/pods/{redis}/{path}"));
            let request = if upgrade.is_empty() {
                request
            } else {
                request.header(header::CONNECTION, "keep-alive, Upgrade").header(header::UPGRADE, upgrade)
            };
            let reply = send(&client, request, &Value::Null).await;
            let told = reply.json();
            assert_eq!(
                (reply.status.as_u16(), &told["message"], &told["reason"]),
                (400, &json!(want), &json!("BadRequest"))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_does_not_run_and_a_kubelet_that_is_away_say_so() {
    let simulation = simulation().await;
    let (pods, api) = pods(client_of(simulation.server(), User::Admin), "api").await;
    simulation.network().with(|world| {
        let pods = Store::resource("", "pods").expect("pods");
        let pod = world.store().get(pods, "honeydue", &api).expect("the pod");
        let node = pod["spec"]["nodeName"].as_str().expect("a node").to_owned();
        world.change_machine(&node, |machine| machine.k3s = Unit::Inactive);
    });
    let process = pods.exec(&api, ["hostname"], &AttachParams::default()).await.expect("a connection");
    let (_, _, status) = outcome(process).await;
    let told = status["message"].as_str().expect("a message").to_owned();
    assert!(told.starts_with("Internal error occurred: error dialing backend: proxy error"), "{told}");
    let (code, told) = refusal(pods.portforward(&api, &[8000]).await);
    assert!(code == 500 && told.starts_with("error dialing backend: proxy error"), "{code} {told}");

    let running = Running::start(Small::shop()).await;
    let small = Pods::namespaced(client_of(&running.server, User::Admin), "shop");
    let process = small.exec("web-1", ["ls"], &AttachParams::default()).await.expect("a connection");
    let (_, _, status) = outcome(process).await;
    let want =
        "Internal error occurred: error dialing backend: dial tcp 203.0.113.11:10250: connect: connection refused";
    assert_eq!(status["message"], want);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_on_which_nothing_listens_says_so() {
    let simulation = simulation().await;
    let (pods, redis) = pods(client_of(simulation.server(), User::Admin), "redis").await;
    let mut forwarder = pods.portforward(&redis, &[1, 2]).await.expect("a connection");
    for port in [1, 2] {
        let told = forwarder.take_error(port).expect("its channel").await.expect("an error");
        assert!(told.starts_with(&format!("error forwarding port {port} to pod ")), "{told}");
        assert!(told.contains(&format!("dial tcp4 127.0.0.1:{port}: connect: connection refused")), "{told}");
        let mut nothing = Vec::new();
        forwarder.take_stream(port).expect("its stream").read_to_end(&mut nothing).await.expect("its end");
        assert!(nothing.is_empty());
    }
    let (code, told) = refusal(pods.portforward("none", &[80]).await);
    assert_eq!((code, told.as_str()), (404, "pods \"none\" not found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_endpoint() {
    let simulation = simulation().await;
    let (pods, api) = pods(client_of(simulation.server(), User::Admin), "api").await;
    let mut process = pods.exec(&api, ["cat"], &AttachParams::default().stdin(true)).await.expect("a command");
    let mut typing = process.stdin().expect("its input");
    typing.write_all(b"here\n").await.expect("typed");
    let mut out = process.stdout().expect("its output");
    let mut heard = [0; 5];
    out.read_exact(&mut heard).await.expect("it runs");
    simulation.network().with(|world| world.change_machine("nbg1-1", |machine| machine.k3s = Unit::Inactive));
    assert!(process.join().await.is_err());
}
