// Keys for those who read many findings: "/" to search, j and k to walk the rows, Escape to leave the search.
// Everything works without this script; it only moves the focus between what is there.
(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("a[data-row]"));
  function typing(e) {
    return /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || e.target.isContentEditable;
  }
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    var search = document.getElementById("q");
    if (typing(e)) {
      if (e.key === "Escape" && e.target === search) search.blur();
      return;
    }
    if (e.key === "/" && search) {
      e.preventDefault();
      search.focus();
      search.select();
    } else if ((e.key === "j" || e.key === "k") && rows.length) {
      e.preventDefault();
      var at = rows.indexOf(document.activeElement) + (e.key === "j" ? 1 : -1);
      at = Math.max(0, Math.min(rows.length - 1, at));
      rows[at].focus();
      rows[at].scrollIntoView({ block: "nearest" });
    }
  });
})();
