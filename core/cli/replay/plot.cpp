#include "cli/replay/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace rigger::cli::replay {
namespace {

constexpr double panel_width = 360, panel_height = 260, left = 52, top = 34, right = 14, bottom = 40, legend_line = 18;
constexpr size_t per_row = 3;
/// Colours that the colour-blind tell apart (Okabe and Ito), and dashes for paper without colours.
constexpr const char *colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"};
constexpr const char *dashes[] = {"", "6 3", "2 2", "8 3 2 3", "10 4", "4 2", "1 3"};

std::string escaped(const std::string &text) {
    std::string out;
    for (const char c : text)
        out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
    return out;
}

template <typename... Args> std::string format(const char *pattern, Args... args) {
    char text[512];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

std::string stroke(size_t contestant) {
    const size_t i = contestant % std::size(colours);
    return format("fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-dasharray=\"%s\"", colours[i], dashes[i]);
}

class Panel {
public:
    /// Both axes begin at `from`: until the cluster is full, all curves are the diagonal.
    Panel(double x, double y, double from, double most) : x_(x), y_(y), from_(from), most_(most) {}

    std::string frame(const std::string &title) const {
        std::string out = format("<text x=\"%.0f\" y=\"%.0f\" class=\"title\">", x_ + left, y_ + top - 12) +
                          escaped(title) + "</text>\n";
        const double step = from_ >= 0.8 - 1e-9 ? 0.05 : 0.1;
        for (double share = from_; share <= 1 + 1e-9; share += step)
            out += format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick\" "
                          "text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%.0f</text>\n",
                          at_x(from_), at_x(most_), at_y(share), at_y(share), at_x(from_) - 6, at_y(share) + 4,
                          share * 100);
        for (double share = from_; share <= most_ + 2e-3; share += 0.1)
            out += format("<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%.0f</text>\n",
                          at_x(share), at_y(from_) + 15, share * 100);
        return out + format("<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">arrived demand, %% of "
                            "capacity</text>\n",
                            at_x((from_ + most_) / 2), at_y(from_) + 30);
    }
    std::string curve(const std::vector<rigger::replay::CurvePoint> &points, size_t contestant) const {
        std::string out = "<polyline " + stroke(contestant) + " points=\"";
        for (const auto &point : points)
            if (point.arrived >= from_ && point.allocated >= from_)
                out += format("%.1f,%.1f ", at_x(point.arrived), at_y(point.allocated));
        return out + "\"/>\n";
    }

private:
    double at_x(double share) const {
        return x_ + left + (share - from_) / (most_ - from_) * (panel_width - left - right);
    }
    double at_y(double share) const {
        return y_ + panel_height - bottom - (share - from_) / (1 - from_) * (panel_height - top - bottom);
    }
    double x_, y_, from_, most_;
};

} // namespace

std::string plot_svg(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                     const ContestResult &result) {
    double most = 0, least = 1;
    for (const auto &list : result.runs)
        for (const auto &runs : list)
            for (const auto &point : runs.front().replay.curve) most = std::max(most, point.arrived);
    for (const auto &list : result.runs)
        for (const auto &runs : list) least = std::min(least, runs.front().replay.allocated());
    // The last full ten with a little room under the lowest end: there the curves part.
    const double from = std::max(0.0, std::floor((least - 0.03) * 10) / 10);
    most = std::max(most, from + 0.1);
    const size_t columns = std::min(per_row, lists.size()), rows = (lists.size() + per_row - 1) / per_row;
    const double width = panel_width * static_cast<double>(columns),
                 legend = legend_line * static_cast<double>(contestants.size()) + 34,
                 height = panel_height * static_cast<double>(rows) + legend;
    std::string out = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
                             "height=\"%.0f\" role=\"img\">\n",
                             width, height, width, height);
    out += "<style>text{font-family:sans-serif;fill:#222}.title{font-size:14px;font-weight:bold}.tick{font-size:11px}."
           "grid{stroke:#ccc;stroke-width:.6}</style>\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    for (size_t l = 0; l < lists.size(); ++l) {
        const Panel panel(panel_width * static_cast<double>(l % per_row),
                          panel_height * static_cast<double>(l / per_row), from, most);
        out += panel.frame(lists[l].name + ": GPU allocated, %");
        for (size_t c = 0; c < contestants.size(); ++c) out += panel.curve(result.runs[l][c].front().replay.curve, c);
    }
    double y = panel_height * static_cast<double>(rows) + 18;
    for (size_t c = 0; c < contestants.size(); ++c, y += legend_line)
        out += format("<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%.0f\" y2=\"%.0f\" ", left, left + 40, y, y) + stroke(c) +
               format("/><text class=\"tick\" x=\"%.0f\" y=\"%.0f\">", left + 48, y + 4) +
               escaped(contestants[c].label) + "</text>\n";
    return out + "</svg>\n";
}

} // namespace rigger::cli::replay
