// support.hpp -- a registry over directories of its own, with a clock, a store and services that the test drives.
#pragma once
#include "domain/ports/tests/remembered_metrics.hpp"
#include "host/registry.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rigger::host::test {

class HandClock final : public Clock {
public:
    WallTime wall() const override { return {wall_.load()}; }
    MonoTime monotonic() const override { return {mono_.load()}; }
    void advance(Duration d) {
        mono_ += static_cast<uint64_t>(d.count());
        wall_ += d.count();
    }

private:
    std::atomic<uint64_t> mono_{1'000'000'000};
    std::atomic<int64_t> wall_{1'767'225'600'000'000'000};
};

/// The key-value part of a store; the rest answers unsupported.
class KvStore final : public Store {
public:
    Status migrate() override { return {}; }
    Result<PersistentState> load() override { return PersistentState{}; }
    Status commit(const std::vector<Write> &) override { return {}; }
    Result<std::vector<JournalEntry>> journal(uint64_t, size_t, std::string_view) override {
        return std::vector<JournalEntry>{};
    }
    Status trim_journal(WallTime, size_t) override { return {}; }
    Result<std::optional<KvEntry>> kv_get(std::string_view plugin, std::string_view key) override;
    Result<std::vector<KvEntry>> kv_list(std::string_view plugin, std::string_view prefix) override;
    Result<uint64_t> kv_commit(std::string_view plugin, const std::vector<KvWrite> &writes) override;
    std::map<std::string, KvEntry> all() const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, KvEntry> entries_;
    uint64_t revision_ = 0;
};

class Secrets final : public SecretProvider {
public:
    Result<std::string> resolve(std::string_view reference) override { return "resolved " + std::string(reference); }
};

class Http final : public HttpClient {
public:
    Result<HttpResponse> send(const CallContext &, const HttpRequest &r) override {
        return HttpResponse{200, {}, R"({"url":")" + r.url + "\"}"};
    }
};

class Directory {
public:
    Directory();
    ~Directory();
    const std::filesystem::path &path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The plugin host with everything around it. Time stands still until the test advances it.
class Host {
public:
    Host();
    ~Host();
    /// Writes enabled/<file>; `text` without "plugin:" is preceded by it.
    void enable(const std::string &file, const std::string &text);
    void enable_bad(const std::string &fault, const std::string &more = {});
    Registry &open();
    Registry &start(); ///< open() and Registry::start()
    PluginRow row(const std::string &name);
    /// Runs `body` on a thread of its own, with the watchdog's passes and time going on by `step` each, until it
    /// returns.
    void run_out(const std::function<void()> &body, Duration step);
    /// Lets threads run, without advancing time, until the condition holds. false: it never did.
    bool until(const std::function<bool()> &condition);
    std::string log() const;

    Directory directory;
    HandClock clock;
    RememberedMetrics metrics;
    KvStore store;
    Secrets secrets;
    Http http;
    RegistryOptions options;
    HostServices services;
    std::unique_ptr<Registry> registry;

private:
    struct LogText;
    std::shared_ptr<LogText> log_;
};

void write_file(const std::filesystem::path &path, const std::string &text);
std::string read_file(const std::filesystem::path &path);

} // namespace rigger::host::test
