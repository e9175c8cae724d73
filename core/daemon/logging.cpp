#include "daemon/logging.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace rigger::daemon {
namespace {

/// As JSON text, in which what was no UTF-8 is replaced.
std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// %* in a pattern: the message as a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg &message, const std::tm &, spdlog::memory_buf_t &out) override {
        const auto text = quoted({message.payload.data(), message.payload.size()});
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

/// %* in a pattern: the message as one line that a terminal can show. Names and errors come from plugins, markets and
/// clusters: a line break would forge a line of ours, an escape sequence would speak to the terminal.
class LineMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg &message, const std::tm &, spdlog::memory_buf_t &out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < del; })) {
            out.append(text.data(), text.data() + text.size());
            return;
        }
        auto clean = nlohmann::json::parse(quoted(text)).get<std::string>();
        for (size_t i = 0; i < clean.size(); ++i) {
            const auto c = static_cast<unsigned char>(clean[i]);
            const bool pair = c == 0xC2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xA0;
            if (c < ' ' || c == del || pair) clean[i] = ' ';
            if (pair) clean[++i] = ' '; // the control characters from U+0080 to U+009F
        }
        out.append(clean.data(), clean.data() + clean.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LineMessage>(); }

private:
    static constexpr char del = 0x7f;
};

class ControlLog final : public Log {
public:
    explicit ControlLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
    void write(LogLevel level, std::string_view part, std::string_view message) override {
        constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                        spdlog::level::err};
        logger_->log(levels[static_cast<size_t>(level)], "{}: {}", part, message);
    }

private:
    std::shared_ptr<spdlog::logger> logger_;
};

} // namespace

std::shared_ptr<spdlog::logger> make_logger(const std::string &level, const std::string &format) {
    auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("riggerd", sink);
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    if (format == "json")
        formatter->add_flag<JsonMessage>('*').set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%*})");
    else formatter->add_flag<LineMessage>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %^%-5l%$ %*");
    logger->set_formatter(std::move(formatter));
    set_level(*logger, level);
    logger->flush_on(spdlog::level::warn);
    return logger;
}

void set_level(spdlog::logger &logger, const std::string &level) { logger.set_level(spdlog::level::from_str(level)); }

std::unique_ptr<Log> make_log(std::shared_ptr<spdlog::logger> logger) {
    return std::make_unique<ControlLog>(std::move(logger));
}

} // namespace rigger::daemon
