//! `make demo`: a small model in the Juju of the tests, with real nginx and real requests, told step by step.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a story that is told to a person"
)]

#[path = "../world/mod.rs"]
mod world;

use std::time::Instant;

use test_juju::{Charm, HookRun, RelationId};
use world::pebble::{Manners, Pebble};
use world::{Request, Web, World};

fn main() {
    let started = Instant::now();
    let mut demo = Demo { world: World::new(1), webs: Vec::new() };
    demo.tell();
    let left = demo.world.nginx_processes();
    assert!(left.is_empty(), "nginx still runs: {left:?}");
    println!("\nDone in {:.1} s. No process is left behind, and no file.", started.elapsed().as_secs_f32());
}

struct Demo {
    world: World,
    webs: Vec<Web>,
}

impl Demo {
    fn tell(&mut self) {
        introduce();
        self.deploy();
        let (blog, shop) = self.relate();
        self.show_the_calls(blog);
        self.visit();
        self.trust(blog);
        self.scale_down();
        self.refuse();
        self.withdraw(shop);
        self.end();
    }

    fn deploy(&mut self) {
        chapter("Deploy a proxy, two clients and their web servers");
        let world = &mut self.world;
        shell(
            "juju deploy ssl-termination proxy --config http-port=… --config https-port=… --config allow-local-upstreams=true",
        );
        world.deploy_proxy("proxy");
        shell(
            "juju deploy ssl-termination blog --config fqdns=\"blog.example.com www.example.com\" --config credentials=…",
        );
        world.deploy_client("blog", "blog.example.com www.example.com");
        world.juju.configure("blog", [("credentials", "ann sesame")]);
        shell("juju deploy ssl-termination shop --config fqdns=shop.example.com");
        world.deploy_client("shop", "shop.example.com");
        for application in ["proxy", "blog", "shop"] {
            world.juju.configure(application, [("log-level", "debug")]);
        }
        shell("juju deploy -n 2 some-web-server blog-web; juju deploy some-web-server shop-web");
        world.juju.deploy("blog-web", &web_charm("blog-web"), 2);
        world.juju.deploy("shop-web", &web_charm("shop-web"), 1);
        self.settle();
    }

    fn relate(&mut self) -> (RelationId, RelationId) {
        chapter("Relate them: requests go out, nginx serves, answers come back");
        shell("juju integrate blog-web blog:website; juju integrate shop-web shop:website");
        let blog_web = self.world.juju.relate("blog-web:website", "blog:website");
        let shop_web = self.world.juju.relate("shop-web:website", "shop:website");
        shell("juju integrate blog:proxy proxy; juju integrate shop:proxy proxy");
        let blog = self.world.juju.relate("blog:proxy", "proxy:ssl-termination");
        let shop = self.world.juju.relate("shop:proxy", "proxy:ssl-termination");
        for (relation, unit) in [(blog_web, "blog-web/0"), (blog_web, "blog-web/1"), (shop_web, "shop-web/0")]
        {
            let web = Web::start(unit);
            let port = web.port.to_string();
            self.world.juju.relation_set(
                unit,
                relation,
                [("hostname", "127.0.0.1"), ("port", port.as_str())],
            );
            self.webs.push(web);
        }
        self.settle();
        self.status(&["proxy/0", "blog/0", "shop/0"]);
        (blog, shop)
    }

    fn show_the_calls(&mut self, blog: RelationId) {
        chapter("The interface's four calls, as a charm in any language makes them");
        println!("blog has sent its request (send-cert-info); it stands in blog/0's databag:");
        println!("    cert-request: {}", self.world.juju.bag(blog, "blog/0")["cert-request"]);
        println!("proxy reads blog's request (without --relation: everyone's):");
        self.exec(
            "proxy/0",
            &[
                "get-cert-requests",
                "--endpoint",
                "ssl-termination",
                "--relation",
                &format!("ssl-termination:{blog}"),
            ],
        );
        println!("proxy has answered (send-status); it stands in proxy/0's databag:");
        println!("    status: {}", self.world.juju.bag(blog, "proxy/0")["status"]);
        println!("blog reads the answers of all proxy units:");
        self.exec("blog/0", &["get-status", "--endpoint", "proxy"]);
    }

    fn visit(&self) {
        chapter("Visit the sites, over TLS");
        visit(&self.world.get("http://blog.example.com/start"), "plain HTTP is sent on");
        visit(&self.world.get("https://blog.example.com/"), "the blog wants a password …");
        visit(
            &self.world.get("https://blog.example.com/").with_password("ann:wrong"),
            "… a wrong one is refused …",
        );
        visit(
            &self.world.get("https://blog.example.com/").with_password("ann:sesame"),
            "… then one of its web servers answers",
        );
        visit(
            &self.world.get("https://www.example.com/").with_password("ann:sesame"),
            "and the other one, under either name",
        );
        visit(&self.world.get("https://shop.example.com/"), "the shop is open to all");
        visit(
            &self.world.get("https://unknown.example.com/"),
            "a name that nobody asked for gets no certificate",
        );
    }

    fn trust(&mut self, blog: RelationId) {
        chapter("From a stand-in to a certificate that is trusted: an ACME server (pebble) issues it");
        let pebble = Pebble::start(self.world.http_port, Manners::default());
        let own = self.world.path("var/lib/ssl-termination/proxy-0/ca.crt");
        let visit_trusting = |demo: &Self, root: &std::path::Path, why: &str| {
            let request =
                demo.world.get("https://blog.example.com/").checked(root).with_password("ann:sesame");
            visit(&request, why);
        };
        visit_trusting(self, &own, "so far the proxy's own authority has signed it");
        shell(
            "juju config proxy acme-agree-tos=true acme-server=https://localhost:…/dir acme-ca=@pebble.pem",
        );
        let server = [("acme-server", pebble.directory()), ("acme-ca", pebble.trusted().to_owned())];
        self.world.juju.configure("proxy", server);
        self.world.juju.configure("proxy", [("acme-agree-tos", true)]);
        self.settle();
        println!("    status: {}", self.world.juju.bag(blog, "proxy/0")["status"]);
        println!(
            "proxy's ACME client, a process of its own, orders; when it has ended it has juju-exec run:"
        );
        self.world.wait_for_issuer();
        self.exec("proxy/0", &["hook", "certificates-changed"]);
        println!("    status: {}", self.world.juju.bag(blog, "proxy/0")["status"]);
        visit_trusting(self, &pebble.root(), "who trusts pebble's root alone is content now");
        shell("juju config proxy certificate-source=self-signed");
        self.world.juju.configure("proxy", [("certificate-source", "self-signed")]);
        self.settle();
    }

    fn scale_down(&mut self) {
        chapter("Scale down: one of the blog's web servers goes");
        shell("juju remove-unit blog-web/0");
        self.world.juju.remove_unit("blog-web/0");
        self.settle();
        for _ in 0..2 {
            visit(
                &self.world.get("https://blog.example.com/").with_password("ann:sesame"),
                "only the other one answers",
            );
        }
    }

    fn refuse(&mut self) {
        chapter("Refuse: a stranger asks for what it must not have");
        shell("juju deploy -n 2 stranger; juju integrate stranger proxy");
        let charm = Charm::puppet("name: stranger\nrequires: {proxy: {interface: ssl-termination}}");
        self.world.juju.deploy("stranger", &charm, 2);
        let relation = self.world.juju.relate("stranger:proxy", "proxy:ssl-termination");
        self.settle();
        let requests = [
            r#"{"fqdn": ["a.example.com; } server { listen 80; root /etc"], "upstreams": []}"#,
            r#"{"fqdn": ["shop.example.com", "own.example.com"], "upstreams": [{"hostname": "10.0.0.9", "port": 80}]}"#,
        ];
        for (unit, request) in ["stranger/0", "stranger/1"].into_iter().zip(requests) {
            println!("{unit} asks: {request}");
            self.world.juju.relation_set(unit, relation, [("cert-request", request)]);
        }
        self.settle();
        println!(
            "proxy answers both units of stranger at once: {}",
            self.world.juju.bag(relation, "proxy/0")["status"]
        );
        visit(&self.world.get("https://shop.example.com/"), "the shop keeps its name");
        shell("juju remove-relation stranger proxy");
        self.world.juju.remove_relation(relation);
        self.settle();
    }

    fn withdraw(&mut self, shop: RelationId) {
        chapter("Withdraw: the shop no longer wants TLS");
        shell("juju remove-relation shop proxy");
        self.world.juju.remove_relation(shop);
        self.settle();
        visit(&self.world.get("https://shop.example.com/"), "its name is refused now");
        visit(
            &self.world.get("https://blog.example.com/").with_password("ann:sesame"),
            "the blog is served as before",
        );
        self.status(&["proxy/0", "blog/0", "shop/0"]);
    }

    fn end(&mut self) {
        chapter("Remove the proxy");
        shell("juju remove-application proxy");
        self.world.juju.remove_application("proxy");
        self.settle();
        visit(&self.world.get("https://blog.example.com/"), "nobody listens any more");
        self.status(&["blog/0"]);
    }

    fn settle(&mut self) {
        for run in self.world.juju.settle() {
            print_hook(&run);
        }
    }

    fn exec(&mut self, unit: &str, arguments: &[&str]) {
        shell(&format!("juju exec --unit {unit} -- bin/ssl-termination {}", arguments.join(" ")));
        let command: Vec<&str> = ["bin/ssl-termination"].iter().chain(arguments).copied().collect();
        let run = self.world.juju.exec(unit, &command);
        assert_eq!(run.exit, 0, "{}", run.trace());
        run.stdout.lines().for_each(|line| println!("    {line}"));
    }

    fn status(&self, units: &[&str]) {
        shell("juju status");
        for unit in units {
            let (state, message) = self.world.juju.status(unit);
            println!("    {unit:<8} {state:<8} {message}");
        }
    }
}

fn introduce() {
    println!(
        "\
This is ssl-termination, a Juju charm, at work. Juju itself is played by a model in this process; the hooks, the
hook tools, nginx and curl are real programs.

blog-web/0 ─┐                                                          https://blog.example.com
blog-web/1 ─┴─ http ─ blog ── ssl-termination ──┐                     ┌─ https://www.example.com
                                                proxy ─── nginx ──────┤
shop-web/0 ─── http ─ shop ── ssl-termination ──┘                     └─ https://shop.example.com

blog and shop ask for TLS in front of their web servers; proxy terminates it. All three are this charm.
Each line below is one hook: how long it took, how many hook tools it called, which flags of an endpoint it
raised (+) and cleared (-), and what it published."
    );
}

fn visit(request: &Request, why: &str) {
    let answer = request.send();
    let first = answer.body.lines().next().unwrap_or_default();
    let said = match answer.code {
        0 => answer.error.clone(),
        301 => format!("301, to {}", answer.location),
        200 => format!("200, HTTP/{}: \"{first}\"", answer.version),
        code => format!("{code}"),
    };
    println!("$ {request}\n    {said}    ({why})");
}

fn chapter(title: &str) {
    println!("\n── {title} {}", "─".repeat(105_usize.saturating_sub(title.chars().count())));
}

fn shell(command: &str) {
    println!("$ {command}");
}

fn print_hook(run: &HookRun) {
    let flags: Vec<String> = run.stdout.lines().filter_map(flag).collect();
    let remote = run.remote_unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
    let published = run.published.values().flat_map(|changes| changes.keys());
    let published: Vec<String> = published.map(|key| format!("publishes {key}")).collect();
    let calls = if run.calls.len() == 1 { "call" } else { "calls" };
    let line = format!(
        "  {:<8} {:<44} {:>5.0} ms {:>2} {calls:<5}  {}",
        run.unit,
        format!("{}{remote}", run.hook),
        run.millis,
        run.calls.len(),
        flags.into_iter().chain(published).collect::<Vec<_>>().join(" "),
    );
    println!("{}", line.trim_end());
}

/// A line of the debug log that tells of a flag, in short.
fn flag(line: &str) -> Option<String> {
    let line = line.strip_prefix("debug: flag ").filter(|line| line.contains(": endpoint."))?;
    Some(line.replace("raised: ", "+").replace("cleared: ", "-"))
}

/// A web application that publishes nothing by itself: the demo says where it listens.
fn web_charm(name: &str) -> Charm {
    Charm::puppet(&format!("name: {name}\nprovides: {{website: {{interface: http}}}}"))
}
