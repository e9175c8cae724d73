// Group "config": the configuration document, and secrets.
#include "../session.hpp"
#include "groups.hpp"

namespace check {
namespace {

constexpr const char *kCanary = "canary-secret-7f3a91"; // what Session puts into every secret that the manifest names

void hostile(Context &t) {
    const std::vector<std::string> documents = {"",
                                                " ",
                                                "null",
                                                "[]",
                                                "17",
                                                "\"text\"",
                                                "{",
                                                R"({"a":)",
                                                "{}}",
                                                std::string(3, '\0'),
                                                "\xff\xfe{}",
                                                R"({"unknown-key-7f3a":1})",
                                                "{\"a\":" + std::string(2000, '[') + std::string(2000, ']') + "}",
                                                "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}",
                                                R"({"a":1e999})"};
    for (const std::string &d : documents) {
        FakeHost host;
        Session s(t, host);
        const Outcome o = s.create(d);
        // The host validates first, so this is no more than untidy; a crash or a hang is not.
        if (o.code == RIG_E_INTERNAL)
            t.warn("create() answered " + o.text() + " to a document that is not valid; answer Invalid");
        if (s.instance) s.destroy();
    }
}

void secrets(Context &t) {
    if (t.package.manifest.secrets.empty()) skip("the manifest names no secrets");
    FakeHost host;
    Session s(t, host);
    s.run().exercise();
    t.must("stop", s.stop());
    expect(!host.logged(kCanary), "a secret's value stands in the log");
    for (const auto &e : host.published())
        expect(e.document.find(kCanary) == std::string::npos, "a secret's value stands in an event");
}

void reconfigure(Context &t) {
    FakeHost host;
    Session s(t, host);
    s.run();
    set_call("query");
    const auto *ext = static_cast<const rig_reconfigure *>(s.instance->ops->query(s.instance, RIG_EXT_RECONFIGURE));
    set_call("");
    if (!ext) skip("it does not offer " RIG_EXT_RECONFIGURE);
    const std::string config = config_for(t, *t.component);
    t.must("apply", s.call("apply", [&](const rig_call *, rig_error *e) {
        return ext->apply(s.instance, rig::doc(config), e);
    }));
    t.answer("apply",
             s.call("apply", [&](const rig_call *, rig_error *e) { return ext->apply(s.instance, rig::doc("{"), e); }));
    s.exercise();
}

} // namespace

void add_config_tests(std::vector<Test> &tests) {
    tests.push_back({"config", "hostile", "create() survives documents that are empty, cut, huge, deep or no JSON", "*",
                     false, hostile});
    tests.push_back(
        {"config", "secrets", "the value of a secret never reaches the log or an event", "*", false, secrets});
    tests.push_back({"config", "reconfigure",
                     "rig.reconfigure/1, if offered, accepts its own configuration and refuses rubbish", "*", false,
                     reconfigure});
}

} // namespace check
