// What an instance says of its settings without being started: asked in a child process.
#include "support.hpp"

#include "host/instance_check.hpp"

namespace rigger::host::test {
namespace {
using testing::HasSubstr;

Status verdict(Host &host) {
    CheckOptions options = host.options.check;
    options.ask_instances = true;
    const auto verdicts = check_instances(host.options.enabled_dir, find_packages(host.options.plugin_dirs), options);
    if (!verdicts.ok()) return verdicts.error();
    return verdicts->empty() ? Error{Code::internal, "NoInstance", "there is no instance", 0}
                             : verdicts->front().status;
}

TEST(Asked, AnInstanceWithoutAComplaintIsWell) {
    Host host;
    host.enable_bad("none");
    const Status status = verdict(host);
    EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(Asked, AComplaintRefusesIt) {
    Host host;
    host.enable_bad("throws_check");
    const Status status = verdict(host);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason, "UncaughtException");
    EXPECT_THAT(status.error().message, HasSubstr("thrown on purpose"));
}

/// The process is not the daemon, and a host with less than the plugin needs: that proves nothing.
TEST(Asked, OneThatCannotBeAskedIsToldApartFromOneThatIsWrong) {
    // A sanitizer ends a crash in a way of its own.
    for (const auto &[fault, says] : {std::pair("crashes_create", "it ended with "), {"hangs_create", "in time"}}) {
        Host host;
        host.enable_bad(fault);
        host.options.check.probe_limit = std::chrono::seconds(1);
        const Status status = verdict(host);
        ASSERT_FALSE(status.ok()) << fault;
        EXPECT_EQ(status.error().reason, "Unasked");
        EXPECT_THAT(status.error().message, HasSubstr(says));
    }
}

TEST(Asked, WhoIsNotAskedIsWell) {
    Host host;
    host.enable_bad("throws_check");
    const auto verdicts =
        check_instances(host.options.enabled_dir, find_packages(host.options.plugin_dirs), host.options.check);
    ASSERT_TRUE(verdicts.ok());
    EXPECT_TRUE(verdicts->front().status.ok());
}

} // namespace
} // namespace rigger::host::test
