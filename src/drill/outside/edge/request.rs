//! What is read from requests.

use http::{HeaderName, Request, header};

use super::super::http::unescaped;

/// The host that is asked for, as it was written, with its port if it has one; empty if none is.
pub fn host_of<T>(request: &Request<T>) -> &str {
    match request.uri().authority() {
        Some(authority) => authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host),
        None => text(request, &header::HOST),
    }
}

/// The path that is asked for.
pub fn path_of<T>(request: &Request<T>) -> &str {
    match request.uri().path() {
        "" => "/",
        path => path,
    }
}

/// The first value of a header; empty if there is none or it is no text.
pub fn text<'a, T>(request: &'a Request<T>, name: &HeaderName) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The values of the query, in their order, decoded.
pub fn query<T>(request: &Request<T>) -> Vec<(String, String)> {
    let pairs = request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (unescaped(k), unescaped(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let request = Request::get("/x?a=1&b=%2Fx+y%&c&&%zz=%f").body(()).unwrap();
        let pairs = query(&request);
        let expected = [("a", "1"), ("b", "/x y%"), ("c", ""), ("%zz", "%f")];
        assert_eq!(pairs, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn the_host_is_that_of_the_target_before_that_of_the_header() {
        let request = Request::get("http://me@a.example.com:80/").header("host", "b.example.com").body(()).unwrap();
        assert_eq!(host_of(&request), "a.example.com:80");
        assert_eq!(host_of(&Request::get("/").header("host", "b.example.com").body(()).unwrap()), "b.example.com");
        assert_eq!(host_of(&Request::get("/").body(()).unwrap()), "");
    }
}
