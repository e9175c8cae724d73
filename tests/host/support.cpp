#include "support.hpp"

#include <condition_variable>
#include <fstream>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sstream>
#include <stdlib.h>

namespace rigger::host::test {

Result<std::optional<KvEntry>> KvStore::kv_get(std::string_view plugin, std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(std::string(plugin) + "/" + std::string(key));
    return at == entries_.end() ? std::optional<KvEntry>() : std::optional(at->second);
}
Result<std::vector<KvEntry>> KvStore::kv_list(std::string_view, std::string_view) { return std::vector<KvEntry>{}; }
Result<uint64_t> KvStore::kv_commit(std::string_view plugin, const std::vector<KvWrite> &writes) {
    const std::lock_guard lock(mutex_);
    ++revision_;
    for (const KvWrite &w : writes) entries_[std::string(plugin) + "/" + w.key] = {w.key, w.value, revision_};
    return revision_;
}
std::map<std::string, KvEntry> KvStore::all() const {
    const std::lock_guard lock(mutex_);
    return entries_;
}

Directory::Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "rigger-host-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
}
Directory::~Directory() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
}

struct Host::LogText final : spdlog::sinks::base_sink<std::mutex> {
    std::string text() {
        const std::lock_guard lock(mutex_);
        return text_;
    }

protected:
    void sink_it_(const spdlog::details::log_msg &m) override {
        text_.append(m.payload.data(), m.payload.size());
        text_ += '\n';
    }
    void flush_() override {}

private:
    std::string text_;
};

Host::Host() : log_(std::make_shared<LogText>()) {
    const auto &d = directory.path();
    std::filesystem::create_directories(d / "enabled");
    options.enabled_dir = d / "enabled";
    options.plugin_dirs = {RIGGER_TEST_PLUGINS, RIGGER_BAD_PLUGINS};
    options.state_dir = d / "state";
    options.check.cache_dir = d / "cache";
    options.check.probe = RIGGER_PROBE;
    options.run_watchdog = false;
    options.install_crash_handler = false;
    services.clock = &clock;
    services.metrics = &metrics;
    services.store = &store;
    services.secrets = &secrets;
    services.http = &http;
    services.log = std::make_shared<spdlog::logger>("test", log_);
}

Host::~Host() {
    if (registry) run_out([this] { registry->stop(); }, std::chrono::milliseconds(20));
}

void Host::enable(const std::string &file, const std::string &text) {
    write_file(options.enabled_dir / file,
               (text.find("plugin:") == std::string::npos ? "plugin: com.example.all\n" : "") + text);
}

void Host::enable_bad(const std::string &fault, const std::string &more) {
    std::string slug = fault;
    for (char &c : slug)
        if (c == '_') c = '-';
    enable("50-" + slug + ".yaml", "plugin: com.example.bad." + slug + "\n" + more);
}

Registry &Host::open() {
    auto opened = Registry::open(options, services);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    registry = *std::move(opened);
    return *registry;
}

Registry &Host::start() {
    open();
    const Status started = registry->start();
    EXPECT_TRUE(started.ok()) << started.error().message;
    return *registry;
}

PluginRow Host::row(const std::string &name) {
    for (const PluginRow &r : registry->status())
        if (r.name == name) return r;
    ADD_FAILURE() << "no instance '" << name << "'";
    return {};
}

void Host::run_out(const std::function<void()> &body, Duration step) {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::thread thread([&] {
        body();
        const std::lock_guard lock(mutex);
        done = true;
        changed.notify_all();
    });
    // Real threads get a moment between two steps, so that only what truly hangs sees much time go by.
    for (std::unique_lock lock(mutex); !changed.wait_for(lock, std::chrono::milliseconds(2), [&] { return done; });) {
        lock.unlock();
        clock.advance(step);
        registry->scan();
        lock.lock();
    }
    thread.join();
}

bool Host::until(const std::function<bool()> &condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        registry->scan();
        std::this_thread::yield();
    }
    return true;
}

std::string Host::log() const { return log_->text(); }

void write_file(const std::filesystem::path &path, const std::string &text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::filesystem::path &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

} // namespace rigger::host::test
