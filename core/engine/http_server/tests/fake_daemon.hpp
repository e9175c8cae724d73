// A server on a temporary unix socket and a TCP port of the kernel's choice, over commands that do what the test says.
#pragma once
#include "domain/ports/tests/remembered_metrics.hpp"
#include "engine/http_server/server.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unistd.h>

namespace rigger::http_server {

class FakeClock final : public Clock {
public:
    WallTime wall() const override { return {0}; }
    MonoTime monotonic() const override { return {1'000}; }
};

class FakeCommands final : public CommandService {
public:
    using Handler =
        std::function<Result<std::string>(const Principal &, const CallContext &, std::string_view arguments,
                                          const std::function<void(std::string_view)> &progress)>;
    std::string catalogue() override {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    void declare(std::string text) {
        const std::lock_guard lock(mutex_);
        text_ = std::move(text);
    }
    void on(std::string command, Handler handler) {
        const std::lock_guard lock(mutex_);
        handlers_[std::move(command)] = std::move(handler);
    }
    /// Without a handler a command answers with what it was asked: {"command","arguments","principal"}.
    Result<std::string> invoke(const Principal &principal, const CallContext &call, std::string_view command,
                               std::string_view arguments,
                               const std::function<void(std::string_view)> &progress) override {
        Handler handler;
        {
            const std::lock_guard lock(mutex_);
            ++calls_;
            if (const auto found = handlers_.find(std::string(command)); found != handlers_.end())
                handler = found->second;
        }
        if (handler) return handler(principal, call, arguments, progress);
        return "{\"command\":\"" + std::string(command) + "\",\"arguments\":" + std::string(arguments) +
               ",\"principal\":\"" + principal.name + "\"}";
    }
    int calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_ = R"json({"commands":[
      {"name":"nodes","group":"fleet","effect":"read","watch":true,"http":{"method":"GET","path":"/v1/nodes"},"summary":{"en":"List nodes"},
       "options":{"type":"object","properties":{"name":{"type":"string"},"limit":{"type":"integer"},"ready":{"type":"boolean"},"ratio":{"type":"number"},"tag":{"type":"array"}}},
       "result":{"kind":"list","items":"items","columns":[{"key":"nodeName","type":"string"}]}},
      {"name":"deploy","effect":"write","http":{"method":"POST","path":"/v1/deployments"},
       "options":{"type":"object","required":["chute"],"properties":{"chute":{"type":"string"},"dryRun":{"type":"boolean"}}},"result":{"kind":"plan"}},
      {"name":"undeploy","effect":"destructive","http":{"method":"DELETE","path":"/v1/deployments/{deployment}"},
       "options":{"type":"object","required":["deployment"],"properties":{"deployment":{"type":"string"},"reason":{"type":"string"}}},"result":{"kind":"plan"}},
      {"name":"logs","effect":"read","stream":"follow","http":{"method":"GET","path":"/v1/logs/{deployment}"},
       "options":{"type":"object","required":["deployment"],"properties":{"deployment":{"type":"string"},"follow":{"type":"boolean"}}},"result":{"kind":"text"}},
      {"name":"hidden","effect":"read","options":{"type":"object","properties":{}},"result":{"kind":"record"}}]})json";
    std::map<std::string, Handler> handlers_;
    int calls_ = 0;
};

class FakeDaemon {
public:
    static constexpr const char *kReader = "reader-secret-0123456789";
    static constexpr const char *kOperator = "operator-secret-0123456789";

    FakeDaemon() {
        char pattern[] = "/tmp/rigger-http-XXXXXX";
        directory = ::mkdtemp(pattern);
        options.unix_socket = UnixSocket{directory + "/s", 0600, ""};
        options.tcp = TcpSocket{"127.0.0.1", 0};
        options.tokens = {{"reader", kReader, Role::read}, {"op", kOperator, Role::operate}};
        options.version = "1.2.3";
        // So that a busy machine or a sanitizer cuts nothing off; tests of these limits set their own.
        options.limits.header_time = options.limits.body_time = options.limits.write_time = std::chrono::minutes(5);
    }
    ~FakeDaemon() {
        server.reset();
        (void)!std::system(("rm -rf " + directory).c_str());
    }
    Status start() {
        auto started = Server::start(
            options, Dependencies{commands, metrics, clock,
                                  [this] {
                                      return Readiness{ready, "{\"ready\":" + std::string(ready ? "true" : "false") +
                                                                  ",\"why\":\"details\"}"};
                                  },
                                  [] { return Result<std::string>("{\"items\":[]}"); },
                                  [this]() -> Result<std::string> {
                                      ++reloads;
                                      return std::string("{\"reloaded\":true}");
                                  },
                                  [this](std::string_view name) -> Result<std::string> {
                                      reset = name;
                                      return std::string("{\"reset\":true}");
                                  },
                                  [this](LogLevel, std::string_view text) {
                                      const std::lock_guard lock(log_mutex);
                                      log += std::string(text) + "\n";
                                  }});
        if (!started.ok()) return started.error();
        server = *std::move(started);
        return {};
    }
    std::string socket_path() const { return directory + "/s"; }

    std::string directory;
    Options options;
    FakeClock clock;
    RememberedMetrics metrics;
    FakeCommands commands;
    std::atomic<bool> ready{true};
    std::atomic<int> reloads{0};
    std::string reset;
    std::mutex log_mutex;
    std::string log;
    std::unique_ptr<Server> server;
};

} // namespace rigger::http_server
