// Pieces of an HTML page and the one style sheet of all pages.
#include "report/html.h"

#include "report/escape.h"
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char page_style[] =
    "\n:root{color-scheme:light dark;--paper:#f6f7f9;--sheet:#fff;--ink:#1d2733;--soft:#5d6875;"
    "--rule:#dfe4e9;--up:#0b7a5b;--down:#b3392c;--accent:#2569ad}"
    "\n@media(prefers-color-scheme:dark){:root{--paper:#0f1317;--sheet:#161b21;--ink:#e6eaef;"
    "--soft:#9aa5b1;--rule:#2b333d;--up:#4fcf9f;--down:#f08a7e;--accent:#6db3f4}}"
    "\n*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;"
    "-webkit-text-size-adjust:100%}"
    "\nmain{max-width:1080px;margin:0 auto;padding:40px 24px 24px}"
    "h1{font-size:30px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}"
    "h2{font-size:19px;margin:0 0 4px}h3{font-size:15px;margin:0 0 8px}"
    "p{margin:0 0 12px;max-width:70ch}.soft{color:var(--soft)}header p{margin:6px 0 0}"
    "\nsection{background:var(--sheet);border:1px solid var(--rule);border-radius:10px;"
    "padding:22px 24px;margin:20px 0}"
    "\n.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;"
    "margin:24px 0 20px;padding:0;list-style:none}.tiles li{background:var(--sheet);"
    "border:1px solid var(--rule);border-radius:10px;padding:14px 18px}"
    ".tiles b{display:block;font-size:30px;line-height:1.2;font-weight:650;"
    "font-variant-numeric:tabular-nums;letter-spacing:-.02em}.tiles span{color:var(--soft);"
    "font-size:14px;display:block;line-height:1.35}"
    "\n.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));"
    "gap:26px 36px;align-items:start;margin-top:14px}figure{margin:0;max-width:560px;min-width:0}"
    "figcaption{font-weight:600;font-size:15px;margin-bottom:6px}"
    "figcaption span{font-weight:400;color:var(--soft)}"
    "\n.scroll{overflow-x:auto;margin:12px 0 0}table{border-collapse:collapse;width:100%;"
    "font-size:14px;font-variant-numeric:tabular-nums}caption{text-align:left;color:var(--soft);"
    "padding:0 0 6px}th,td{padding:6px 14px 6px 0;text-align:right;white-space:nowrap;"
    "border-bottom:1px solid var(--rule)}th:first-child,td.left{text-align:left}"
    "tbody th{position:sticky;left:0;background:var(--sheet)}"
    "th:last-child,td:last-child{padding-right:0}thead th{color:var(--soft);font-weight:500;"
    "vertical-align:bottom}tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}"
    "tr.mean>*{font-weight:650;border-bottom:2px solid var(--rule)}"
    "\n.up{color:var(--up)}.down{color:var(--down)}svg.spark{width:90px;display:inline-block;"
    "vertical-align:middle}"
    "\ndetails{border-top:1px solid var(--rule);padding:9px 0}details:last-child{padding-bottom:0}"
    "summary{cursor:pointer;font-weight:500}summary:focus-visible,.scroll:focus-visible,"
    "a:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}"
    "summary span{color:var(--soft);font-weight:400;font-variant-numeric:tabular-nums}"
    ".curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));"
    "gap:0 36px;align-items:start}summary span{margin-left:8px}ul+details{margin-top:14px}"
    "details figure{margin:12px 0 8px;max-width:460px}"
    "\npre{overflow-x:auto;background:var(--paper);border:1px solid var(--rule);border-radius:6px;"
    "padding:12px 14px;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,\"DejaVu Sans Mono\","
    "monospace;margin:10px 0 0;max-height:32em}pre.wrap{white-space:pre-wrap;"
    "overflow-wrap:anywhere}ul.plain{margin:8px 0 0;padding-left:20px}"
    "ul.plain li{overflow-wrap:anywhere}a{color:var(--accent)}"
    "footer{color:var(--soft);font-size:13px;padding:4px 2px 24px}"
    "\n@media(max-width:560px){main{padding:22px 10px 12px}section{padding:16px 12px;"
    "border-radius:8px}header{padding:0 4px}tbody "
    "th{white-space:normal}h1{font-size:24px}.tiles{grid-template-columns:1fr "
    "1fr;gap:8px}"
    ".tiles li{padding:10px 12px}.tiles b{font-size:24px}}"
    "\n@media print{body,section,.tiles li{background:#fff}section{break-inside:avoid;border:0;"
    "padding:0}pre{max-height:none}}\n";

void html_begin(text *out, const char *title)
{
    text_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<title>");
    escape_html(out, title);
    text_append(out, "</title>\n<style>");
    text_append(out, page_style);
    text_append(out, plot_get_style());
    text_append(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(text *out, const char *note)
{
    html_element(out, "footer", NULL, note);
    text_append(out, "</main>\n</body>\n</html>\n");
}

void html_section(text *out, const char *id, const char *title)
{
    text_append_format(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id, id);
    escape_html(out, title);
    text_append(out, "</h2>\n");
}

void html_section_end(text *out)
{
    text_append(out, "</section>\n");
}

void html_element(text *out, const char *tag, const char *style, const char *words)
{
    text_append_format(out, "<%s", tag);
    if (style != NULL) {
        text_append_format(out, " class=\"%s\"", style);
    }
    text_append(out, ">");
    escape_html(out, words);
    text_append_format(out, "</%s>\n", tag);
}

void html_table(text *out, const char *caption)
{
    // A scrolling region must be reachable by keyboard, hence the tabindex and its name.
    text_append(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    escape_html(out, caption);
    text_append(out, "\">\n<table>\n");
    html_element(out, "caption", NULL, caption);
}

void html_table_end(text *out)
{
    text_append(out, "</table>\n</div>\n");
}

void html_head(text *out, const char *words, bool number)
{
    text_append(out,
                number ? "<th scope=\"col\">" : "<th scope=\"col\" style=\"text-align:left\">");
    escape_html(out, words);
    text_append(out, "</th>");
}

void html_row_head(text *out, const char *words)
{
    text_append(out, "<th scope=\"row\">");
    escape_html(out, words);
    text_append(out, "</th>");
}

void html_cell(text *out, const char *words)
{
    text_append(out, "<td class=\"left\">");
    escape_html(out, words);
    text_append(out, "</td>");
}

void html_append_value(text *out, double value, double error)
{
    if (!isfinite(value)) {
        text_append(out, "\xe2\x80\x93");
        return;
    }
    text_append_format(out, "%.3f", value);
    if (isfinite(error)) {
        text_append_format(out, " <span class=\"soft\">\xc2\xb1 %.3f</span>", error);
    }
}

void html_cell_number(text *out, double value, int decimals)
{
    text_append(out, "<td>");
    if (isfinite(value)) {
        text_append_format(out, "%.*f", decimals, value);
    } else {
        text_append(out, "\xe2\x80\x93");
    }
    text_append(out, "</td>");
}

void html_cell_change(text *out, double value, double error)
{
    double shown = isfinite(value) ? round(value * 1000.0) / 1000.0 : 0.0;
    if (shown == 0.0) {
        text_append(out, "<td>");
    } else {
        text_append(out, shown > 0.0 ? "<td class=\"up\">+" : "<td class=\"down\">\xe2\x88\x92");
    }
    html_append_value(out, fabs(value), error);
    text_append(out, "</td>");
}

void html_append_count(text *out, int64_t value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    for (int i = 0; i < length; i++) {
        text_append_bytes(out, digits + i, 1);
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0 && length > 4 && digits[i] != '-') {
            text_append(out, "\xe2\x80\xaf"); // narrow no-break space
        }
    }
}

void html_cell_count(text *out, int64_t value)
{
    text_append(out, "<td>");
    if (value < 0) {
        text_append(out, "\xe2\x80\x93");
    } else {
        html_append_count(out, value);
    }
    text_append(out, "</td>");
}

void html_append_time(text *out, const char *stamp)
{
    size_t length = strlen(stamp);
    if (length < 17 || stamp[10] != 'T' || stamp[16] != ':' || stamp[length - 1] != 'Z') {
        escape_html(out, stamp);
        return;
    }
    char shown[] = "0000-00-00 00:00 UTC";
    memcpy(shown, stamp, 10);
    memcpy(shown + 11, stamp + 11, 5);
    escape_html(out, shown);
}

void html_append_duration(text *out, double seconds)
{
    if (seconds < 60.0) {
        text_append_format(out, "%.1f s", seconds);
    } else if (seconds < 3600.0) {
        text_append_format(out, "%d min %d s", (int)(seconds / 60.0), (int)fmod(seconds, 60.0));
    } else {
        text_append_format(out, "%.0f h %d min", floor(seconds / 3600.0),
                           (int)(fmod(seconds, 3600.0) / 60.0));
    }
}
