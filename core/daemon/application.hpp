// core/daemon/application.hpp -- riggerd as a Poco application: command line, signals, exit codes.
#pragma once
#include "daemon/config/config.hpp"

#include <Poco/Util/ServerApplication.h>
#include <string>
#include <vector>

namespace rigger::daemon {

/// Exit codes: 0 stopped on request; 64 usage; 75 stopped because too many plugin calls hang (a supervisor restarts
/// it); 78 bad configuration; 1 anything else. Signals: TERM and INT stop; HUP reloads configuration and plugins.
class Application final : public Poco::Util::ServerApplication {
public:
    Application();

protected:
    void defineOptions(Poco::Util::OptionSet &options) override;
    int main(const std::vector<std::string> &arguments) override;

private:
    void handle_config(const std::string &, const std::string &path);
    void handle_check(const std::string &, const std::string &);
    void handle_version(const std::string &, const std::string &);
    void handle_help(const std::string &, const std::string &);
    int check();
    size_t check_plugin_settings(const LoadedConfig &loaded, bool whole, std::vector<std::string> &wrong);
    int serve(Config config);

    std::string config_path_ = "/etc/rigger/rigger.yaml";
    bool check_only_ = false, answered_ = false;
};

} // namespace rigger::daemon
