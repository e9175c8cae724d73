#include "cli/render/result.hpp"

#include "cli/render/record.hpp"
#include "cli/render/text_width.hpp"
#include "cli/render/yaml.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

Error malformed(Text what, Language language) {
    return {Code::internal, "ResultMalformed",
            std::string(Text{"the daemon's answer cannot be shown: ", "无法显示守护进程的应答："}.in(language)) +
                std::string(what.in(language)) +
                std::string(Text{"; try -o json, and report this", "；请改用 -o json，并报告此问题"}.in(language)),
            0};
}

const Json *array_member(const Json &document, const std::string &key) {
    if (!document.is_object()) return nullptr;
    const auto found = document.find(key);
    return found != document.end() && found->is_array() ? &*found : nullptr;
}

class Renderer {
public:
    Renderer(const Json &document, const ResultDeclaration &shape, const RenderStyle &style)
        : document_(document), shape_(shape), style_(style) {}

    Result<Rendered> run() {
        note_warnings();
        switch (style_.format) {
        case Format::json:
            out_.text = document_.dump(style_.one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace) + "\n";
            break;
        case Format::yaml: out_.text = (style_.one_line ? "---\n" : "") + to_yaml(document_); break;
        case Format::name: RIG_TRY(names()); break;
        case Format::table:
        case Format::wide: RIG_TRY(table()); break;
        }
        if (shape_.kind == ResultKind::plan) out_.held_back = !dry_run() && holds_back();
        if (!shape_.verdict.empty())
            out_.problem = !document_.is_object() || document_.value(shape_.verdict, Json()) != true;
        return std::move(out_);
    }

private:
    std::string_view tr(Text text) const { return text.in(style_.language); }
    bool wide() const { return style_.format == Format::wide; }
    bool dry_run() const {
        const auto found = document_.is_object() ? document_.find("dryRun") : document_.end();
        return document_.is_object() && found != document_.end() && *found == true;
    }

    void note_warnings() {
        if (style_.format == Format::json || style_.format == Format::yaml) return; // they are in the document
        if (const Json *warnings = array_member(document_, "warnings"))
            for (const Json &warning : *warnings)
                out_.notes.push_back(std::string(tr({"warning: ", "警告："})) +
                                     (warning.is_string() ? printable(warning.get<std::string>()) : warning.dump()));
    }

    Status names() {
        if (shape_.kind == ResultKind::plan) return plan_names();
        const Json *const items = array_member(document_, shape_.items);
        if (shape_.kind != ResultKind::list || !items)
            return invalid("NoNames", std::string(tr({"this result has no names; use -o table, json or yaml",
                                                      "该结果没有名称；请用 -o table、json 或 yaml"})));
        const auto column = std::find_if(shape_.columns.begin(), shape_.columns.end(),
                                         [](const ColumnDeclaration &c) { return c.type == ColumnType::id; });
        const std::string key = column != shape_.columns.end() ? column->key
                                : shape_.columns.empty()       ? ""
                                                               : shape_.columns[0].key;
        for (const Json &item : *items)
            if (const auto found = item.is_object() ? item.find(key) : item.end();
                item.is_object() && found != item.end() && found->is_string())
                out_.text += printable(found->get<std::string>()) + "\n";
        return {};
    }

    Status plan_names() {
        if (const Json *actions = array_member(document_, "actions"))
            for (const Json &action : *actions)
                if (const auto found = action.is_object() ? action.find("deployment") : action.end();
                    action.is_object() && found != action.end() && found->is_string())
                    out_.text += printable(found->get<std::string>()) + "\n";
        return {};
    }

    Status table() {
        switch (shape_.kind) {
        case ResultKind::list: return list();
        case ResultKind::plan: return plan();
        case ResultKind::text: return text();
        case ResultKind::record: break;
        }
        if (const Json *items = array_member(document_, "items"); items && !items->empty()) {
            out_.text = render_objects(*items, labels_of(shape_), style_, 0);
            return {};
        }
        out_.text = render_record(document_, labels_of(shape_), style_);
        return {};
    }

    Status text() {
        const auto found = document_.is_object() ? document_.find("text") : document_.end();
        if (!document_.is_object() || found == document_.end() || !found->is_string())
            return malformed({"it holds no text", "其中没有文本"}, style_.language);
        const auto &text = found->get_ref<const std::string &>();
        for (std::string_view rest = text; !rest.empty();) { // lines stay lines, each one made harmless
            const size_t end = std::min(rest.find('\n'), rest.size());
            out_.text += printable(rest.substr(0, end)) + "\n";
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return {};
    }

    void lay_out(const std::vector<ColumnDeclaration> &declared, const Json &items) {
        std::vector<TableColumn> columns;
        std::vector<const ColumnDeclaration *> shown;
        for (const ColumnDeclaration &column : declared)
            if (!column.wide || wide()) {
                shown.push_back(&column);
                columns.push_back({printable(column.title), column.right, column.type == ColumnType::id, column.elide,
                                   column.priority});
            }
        const ValueStyle values{style_.language, wide(), &style_.times};
        std::vector<std::vector<Cell>> rows;
        rows.reserve(items.size());
        for (const Json &item : items) {
            std::vector<Cell> row;
            row.reserve(shown.size());
            for (const ColumnDeclaration *column : shown) row.push_back(render_value(item, *column, values));
            rows.push_back(std::move(row));
        }
        TableText laid = layout_table(columns, rows, {wide() ? 0 : style_.width, style_.headers, style_.colour});
        out_.text += laid.text;
        if (laid.hidden.empty()) return;
        std::string titles;
        for (const std::string &title : laid.hidden) titles += (titles.empty() ? "" : ", ") + title;
        out_.notes.push_back(std::string(tr({"hidden at this width: ", "因宽度不足而隐藏："})) + titles +
                             std::string(tr({" (-o wide shows all)", "（-o wide 显示全部）"})));
    }

    Status list() {
        const Json *const items = array_member(document_, shape_.items);
        if (!items) return malformed({"it holds no list", "其中没有列表"}, style_.language);
        if (shape_.columns.empty()) {
            out_.text = render_objects(*items, {}, style_, 0);
        } else {
            lay_out(shape_.columns, *items);
        }
        if (items->empty()) out_.notes.push_back(std::string(tr({"nothing found", "没有结果"})));
        return {};
    }

    std::vector<ColumnDeclaration> plan_columns() const {
        const auto column = [&](const char *key, Text title, ColumnType type, bool elide, int priority) {
            ColumnDeclaration c;
            c.key = key;
            c.title = tr(title);
            c.type = type;
            c.elide = elide;
            c.priority = priority;
            return c;
        };
        std::vector<ColumnDeclaration> columns{
            column("verb", {"ACTION", "动作"}, ColumnType::string, false, 1),
            column("offer", {"CHUTE", "chute"}, ColumnType::string, true, 2),
            column("server", {"SERVER", "服务器"}, ColumnType::string, true, 3),
            column("to", {"TO", "目的地"}, ColumnType::string, true, 3),
            column("target", {"TARGET", "目标"}, ColumnType::string, true, 2),
            column("deployment", {"DEPLOYMENT-ID", "部署 ID"}, ColumnType::id, false, 6),
            column("value", {"VALUE", "价值"}, ColumnType::number, false, 7),
            column("gainMilli", {"GAIN (GPU MILLI)", "收益（毫 GPU）"}, ColumnType::number, false, 5),
            column("cause", {"CAUSE", "起因"}, ColumnType::string, false, 8),
            column("reason", {"REASON", "原因"}, ColumnType::string, true, 4),
            column("text", {"HELD-BACK-BECAUSE", "推迟原因"}, ColumnType::string, true, 3)};
        for (ColumnDeclaration &c : columns) {
            c.right = c.type == ColumnType::number;
            if (c.right) c.decimals = c.key == "value" ? 2 : 0;
        }
        return columns;
    }

    /// Without the columns that no action fills, and without the id of a deployment that the target names anyway.
    void lay_out_actions(const Json &actions) {
        std::vector<ColumnDeclaration> columns = plan_columns();
        const auto filled = [&](const std::string &key) {
            return std::any_of(actions.begin(), actions.end(),
                               [&](const Json &a) { return a.is_object() && a.contains(key) && !a[key].is_null(); });
        };
        const bool targets = filled("target");
        std::erase_if(columns, [&](const ColumnDeclaration &c) {
            return !filled(c.key) || (targets && c.key == "deployment" && !wide());
        });
        lay_out(columns, actions);
    }

    /// Something to look at. What was seen for the first time, or is young, is held back by design and goes its way by
    /// itself.
    bool holds_back() const {
        const Json *const held = array_member(document_, "heldBack");
        return held && std::any_of(held->begin(), held->end(), [](const Json &one) {
                   const auto code = one.is_object() ? one.find("code") : one.end();
                   return !one.is_object() || code == one.end() || (*code != "FirstObservation" && *code != "TooYoung");
               });
    }

    /// "3 moves (at most 5 allowed): 9.1 GPUs that are free are of no use now, 4.2 after them; value 790.1/h without
    /// the moves"
    void show_moves() {
        const auto defrag = document_.find("defrag");
        if (defrag == document_.end() || !defrag->is_object()) return;
        const auto number = [&](const char *key) {
            const auto at = defrag->find(key);
            return at != defrag->end() && at->is_number() ? at->template get<double>() : 0.0;
        };
        char line[320];
        std::snprintf(line, sizeof line,
                      tr({"%.0f of at most %.0f moves (%.0f deployments may move): of the free GPUs %.2f are of no use "
                          "to the market now, %.2f after the moves; value without them %.1f",
                          "迁移 %.0f 次（至多 %.0f 次，可迁移的部署 %.0f 个）：空闲 GPU 中市场用不上的现为 "
                          "%.2f，迁移后 %.2f；不迁移时价值 %.1f"})
                          .data(),
                      number("moves"), number("budget"), number("movable"), number("lostMilli") / 1000,
                      number("lostMilliThen") / 1000, number("valueNow"));
        out_.text += std::string(out_.text.empty() ? "" : "\n") + line + "\n";
    }

    /// "value 812.4/h, at most 818.9/h, gap 0.8 %"
    void show_worth() {
        const auto number = [&](const char *key) -> const Json * {
            const auto at = document_.find(key);
            return at != document_.end() && at->is_number() ? &*at : nullptr;
        };
        const Json *const value = number("value"), *const bound = number("bound"), *const gap = number("gap");
        if (value && bound && gap) {
            char line[160];
            std::snprintf(
                line, sizeof line,
                tr({"value %.1f/h, at most %.1f/h, gap %.1f %%", "价值 %.1f/小时，至多 %.1f/小时，差距 %.1f %%"})
                    .data(),
                value->get<double>(), bound->get<double>(), 100 * gap->get<double>());
            out_.text += std::string(out_.text.empty() ? "" : "\n") + line + "\n";
        } else if (const auto why = document_.find("unbounded"); why != document_.end() && why->is_string()) {
            out_.notes.push_back(std::string(tr({"no bound: ", "无上界："})) + why->get<std::string>());
        }
    }

    Status plan() {
        const Json *const actions = array_member(document_, "actions"), *const held =
                                                                            array_member(document_, "heldBack");
        if (!actions) return malformed({"it holds no plan", "其中没有计划"}, style_.language);
        if (!actions->empty()) lay_out_actions(*actions);
        if (held && !held->empty()) {
            out_.text += std::string(actions->empty() ? "" : "\n") +
                         std::string(tr({"Held back by the safety rules:", "被安全规则推迟："})) + "\n";
            lay_out_actions(*held);
        }
        show_moves();
        show_worth();
        if (actions->empty() && (!held || held->empty()))
            out_.notes.push_back(std::string(tr({"nothing to do", "无事可做"})));
        if (dry_run()) out_.notes.push_back(std::string(tr({"dry run: nothing was changed", "试运行：未做任何改动"})));
        else if (holds_back())
            out_.notes.push_back(std::string(
                tr({"part of the plan was held back; look at `rigger status`, or lift the deletion budget with --force",
                    "部分计划被推迟；请查看 `rigger status`，或用 --force 取消删除预算限制"})));
        return {};
    }

    const Json &document_;
    const ResultDeclaration &shape_;
    const RenderStyle &style_;
    Rendered out_;
};

} // namespace

std::optional<Format> format_of(std::string_view name) noexcept {
    constexpr std::array<std::pair<std::string_view, Format>, 5> formats{{{"table", Format::table},
                                                                          {"wide", Format::wide},
                                                                          {"json", Format::json},
                                                                          {"yaml", Format::yaml},
                                                                          {"name", Format::name}}};
    for (const auto &[known, format] : formats)
        if (known == name) return format;
    return std::nullopt;
}

Result<Rendered> render_result(std::string_view text, const ResultDeclaration &shape, const RenderStyle &style) {
    const Json document = Json::parse(text, nullptr, false);
    if (document.is_discarded()) return malformed({"it is not JSON", "它不是 JSON"}, style.language);
    return Renderer(document, shape, style).run();
}

} // namespace rigger::cli
