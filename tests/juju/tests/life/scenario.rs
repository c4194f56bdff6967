use std::path::Path;

use test_juju::Scenario;

fn play(text: &str) -> (String, Option<String>) {
    let mut told = String::new();
    let path = Path::new("examples/inline.juju");
    let played =
        Scenario::parse(text, path).and_then(|scenario| scenario.play(1, &mut |text| told.push_str(text)));
    (told, played.err().map(|error| error.to_string()))
}

#[test]
fn the_example_in_the_readme_plays() {
    let mut told = String::new();
    let scenario = Scenario::read("examples/greeter.juju").unwrap();
    scenario.play(1, &mut |text| told.push_str(text)).unwrap();
    assert!(told.contains("greeter/0 greeting-relation-changed (0, visitor/0): exit 0"), "{told}");
    assert!(told.contains("  relation-set -- greeting=Hello, Ada! -> 0\n"), "{told}");
    assert!(told.contains(", not committed\n") && told.contains(", attempt 2\n"), "{told}");
    assert!(told.contains("  result count: 2\n"), "{told}");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (text, error) in [
        ("\ndeplyo ./greeter g\n", "line 2: no command \"deplyo\": there are deploy, "),
        ("deploy ./greeter\n", "line 1: write deploy FOLDER APPLICATION [UNITS]"),
        (
            "deploy ./nothing g\n",
            "line 1: no metadata.yaml or charmcraft.yaml in examples/./nothing: name the folder",
        ),
        ("deploy --puppet p\n", "line 1: write the puppet's metadata.yaml below, indented"),
        ("  x: y\n", "line 1: an indented line belongs to a command above it"),
        ("expect-status 'a\n", "line 1: the quote ' isn't closed"),
        ("# first\nremove-unit a/0\n", "line 2: no unit \"a/0\" in the model"),
        ("deploy --puppet p 'name: p'\nrelation-set p/0 p:web a=b\n", "line 2: no relation at \"p:web\""),
        (
            "deploy --puppet p 'name: p'\nsettle\nexpect-status p/0 active\n",
            "line 3: p/0 is unknown \"\", not active \"\"",
        ),
        (
            "deploy ./greeter g\nsettle\nexpect-hooks g/0 install\n",
            "line 3: g/0 ran install leader-elected config-changed start, not install",
        ),
        ("deploy ./greeter g\nconfig g greeting\n", "line 2: write \"greeting\" as KEY=VALUE"),
    ] {
        let (told, found) = play(text);
        let found = found.unwrap_or_default();
        assert!(found.contains(error), "{text}\n{told}\n{found}");
    }
}

#[test]
fn a_hook_that_keeps_failing_ends_the_scenario_unless_it_is_expected() {
    let start = "deploy ./greeter g\nsettle\nconfig g greeting=x\n";
    let refused = "refuse g/0 1 'no luck'\n";
    let (_, error) = play(&format!("{start}settle\nexpect-hooks g/0 config-changed\n{refused}settle\n"));
    assert_eq!(error, None);
    let (told, error) =
        play("deploy ./greeter g\nrefuse g/0 1\nstep\nstep\nstep\nstep\nexpect-failed g/0 start\n");
    assert!(error.unwrap().contains("g/0 has no failed hook, not start failed"), "{told}");
}
