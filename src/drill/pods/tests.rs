use std::sync::Mutex;

use tokio::sync::mpsc;

use super::*;
use crate::drill::store::Store;
use crate::drill::world::World;

/// A container of the deployment, by the name label of its workload.
fn inside(workload: &str) -> Process {
    let start = "2026-03-30T04:00:00Z".parse().expect("a time");
    let network = Network::new(Arc::new(Mutex::new(World::new(1, start)))).expect("a network");
    let around = network.with(|world| {
        let pods = world.store().list(Store::resource("", "pods").expect("pods"), None);
        let of_workload = |pod: &&Arc<serde_json::Value>| pod["spec"]["containers"][0]["name"] == workload;
        let pod = pods.iter().find(of_workload).expect("a pod");
        let sandbox = world.sandbox(pod).expect("a sandbox");
        world.surroundings(pod, workload, sandbox).expect("a container")
    });
    Process::new(network, around)
}

/// What a command says and how it ends.
async fn told(process: &Process, words: &[&str], typed: &str) -> (String, String, Result<u8, String>) {
    let (input, stdin) = mpsc::channel(8);
    let (output, mut pieces) = mpsc::channel::<(bool, bytes::Bytes)>(8);
    input.send(typed.to_owned().into()).await.expect("room");
    drop(input);
    let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    let collecting = async {
        let (mut out, mut err) = (String::new(), String::new());
        while let Some((error, piece)) = pieces.recv().await {
            if error { &mut err } else { &mut out }.push_str(&String::from_utf8_lossy(&piece));
        }
        (out, err)
    };
    let (end, (out, err)) = tokio::join!(process.run(&words, Io::new(stdin, output, false)), collecting);
    (out, err, end)
}

#[tokio::test]
async fn a_container_has_its_files_and_its_environment() {
    let redis = inside("redis");
    let run = async |words: &[&str]| told(&redis, words, "").await;
    let (out, _, _) = run(&["cat", "/etc/resolv.conf"]).await;
    assert_eq!(
        out,
        "search honeydue.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.43.0.10\noptions ndots:5\n"
    );
    let (out, _, _) = run(&["cat", "/etc/redis/redis.conf"]).await;
    assert!(out.contains("maxmemory-policy noeviction"), "{out}");
    let (name, _, _) = run(&["hostname"]).await;
    assert!(name.starts_with("redis-"), "{name}");
    assert!(run(&["cat", "/etc/hosts"]).await.0.ends_with(&format!("\t{name}")));
    assert_eq!(run(&["ls", "/etc/redis"]).await.0, "redis.conf\n");
    assert!(run(&["ls"]).await.0.contains("etc\nhome\n"));
    let (out, err, end) = run(&["cat", "/nowhere"]).await;
    assert_eq!(
        (out.as_str(), err.as_str(), end),
        ("", "cat: can't open '/nowhere': No such file or directory\n", Ok(1))
    );
    assert_eq!(run(&["date"]).await.0, "Mon Mar 30 04:00:00 UTC 2026\n");
    assert_eq!(run(&["date", "+%s"]).await.0, "1774843200\n");
    assert_eq!(run(&["date", "+%"]).await.2, Ok(1));

    let api = inside("api");
    let (env, _, _) = told(&api, &["env"], "").await;
    for line in
        ["PORT=8000", "PUBLIC_URL=https://api.example.com", "REDIS_SERVICE_HOST=10.43.93.11", "DATABASE_URL=postgres"]
    {
        assert!(env.contains(line), "{line} is not in {env}");
    }
    assert_eq!(told(&api, &["printenv", "PORT"], "").await.0, "8000\n");
}

#[tokio::test]
async fn the_shell_knows_single_commands() {
    let api = inside("api");
    for (line, out, code) in [
        ("echo a  'b  c' \"$PORT\" '$PORT' ${PORT}x \\$PORT", "a b  c 8000 $PORT 8000x $PORT\n", 0),
        ("true && echo yes || echo no; false && echo never", "yes\n", 1),
        ("false || echo no; echo $?", "no\n0\n", 0),
        ("nothing; echo $?", "127\n", 0),
        ("echo a; exit 7; echo b", "a\n", 7),
        ("echo a | cat", "", 2),
        ("echo $(date)", "", 2),
        ("echo 'a", "", 2),
        ("", "", 0),
        (";", "", 2),
    ] {
        let told = told(&api, &["sh", "-c", line], "").await;
        assert_eq!((told.0.as_str(), told.2), (out, Ok(code)), "{line}: {}", told.1);
    }
    let (out, err, end) = told(&api, &["sh"], "echo one\nwhat\nexit 3\necho two\n").await;
    assert_eq!((out.as_str(), err.as_str(), end), ("one\n", "sh: what: not found\n", Ok(3)));
    assert_eq!(told(&api, &["cat"], "typed\n").await.0, "typed\n");
}

#[tokio::test]
async fn what_an_image_lacks_is_not_run() {
    for (workload, program) in
        [("coredns", "sh"), ("metrics-server", "ls"), ("redis", "curl"), ("api", "redis-cli"), ("api", "tar")]
    {
        let (_, _, end) = told(&inside(workload), &[program], "").await;
        let why = end.expect_err("there is no such program");
        assert!(why.ends_with(&format!("exec: {program:?}: executable file not found in $PATH: unknown")), "{why}");
    }
    let (_, _, end) = told(&inside("api"), &["/bin/rm", "/"], "").await;
    assert!(
        end.expect_err("no such file").ends_with("exec: \"/bin/rm\": stat /bin/rm: no such file or directory: unknown")
    );
    assert_eq!(told(&inside("api"), &["/bin/true"], "").await.2, Ok(0));
}

#[tokio::test]
async fn what_does_not_answer_is_told_as_the_programs_tell_it() {
    let api = inside("api");
    let (_, err, end) = told(&api, &["wget", "-qO-", "http://127.0.0.1:9"], "").await;
    assert_eq!((err.as_str(), end), ("wget: can't connect to remote host (127.0.0.1): Connection refused\n", Ok(1)));
    let (out, err, end) = told(&api, &["curl", "-sS", "-w", "%{http_code}", "http://127.0.0.1:9/x"], "").await;
    assert!(err.starts_with("curl: (7) Failed to connect to 127.0.0.1 port 9"), "{err}");
    assert_eq!((out.as_str(), end), ("000", Ok(7)));
    let (_, err, end) = told(&api, &["wget", "-q", "http://api/"], "").await;
    assert_eq!((err.as_str(), end), ("wget: can't open 'index.html': Read-only file system\n", Ok(1)));
    let (_, err, end) = told(&api, &["curl", "--frob"], "").await;
    assert_eq!((err.as_str(), end), ("curl: (2) option --frob: is unknown here\n", Ok(2)));
    let (_, err, end) = told(&inside("redis"), &["redis-cli", "-p", "1", "ping"], "").await;
    assert_eq!((err.as_str(), end), ("Could not connect to Redis at 127.0.0.1:1: Connection refused\n", Ok(1)));
}
