#include "daemon/logging.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

namespace rigger::daemon {
namespace {

/// %* in a pattern: the message as a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg &message, const std::tm &, spdlog::memory_buf_t &out) override {
        const auto text = nlohmann::json(std::string_view(message.payload.data(), message.payload.size()))
                              .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        out.append(text.data(), text.data() + text.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
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
    if (format == "json") {
        auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
        formatter->add_flag<JsonMessage>('*').set_pattern(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%*})");
        logger->set_formatter(std::move(formatter));
    } else {
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
    }
    set_level(*logger, level);
    logger->flush_on(spdlog::level::warn);
    return logger;
}

void set_level(spdlog::logger &logger, const std::string &level) { logger.set_level(spdlog::level::from_str(level)); }

std::unique_ptr<Log> make_log(std::shared_ptr<spdlog::logger> logger) {
    return std::make_unique<ControlLog>(std::move(logger));
}

} // namespace rigger::daemon
