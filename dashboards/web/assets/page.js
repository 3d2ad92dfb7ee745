// Keys for those who read many findings: "/" to search, j and k to walk the rows, g for the top, Escape to leave the
// search; and a button that copies a proposal. Everything works without this script.
(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("a[data-row]"));
  var at = -1;
  function typing(e) {
    return /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || e.target.isContentEditable;
  }
  function go(to) {
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].focus();
    rows[at].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("focusin", function (e) {
    var i = rows.indexOf(e.target);
    if (i >= 0) at = i;
  });
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
      go(e.key === "j" ? at + 1 : at - 1);
    } else if (e.key === "g") {
      e.preventDefault();
      at = -1;
      document.getElementById("main").focus();
      window.scrollTo(0, 0);
    }
  });
  Array.prototype.forEach.call(document.querySelectorAll(".copy"), function (box) {
    var text = box.querySelector("pre");
    if (!text || !navigator.clipboard) return;
    var b = document.createElement("button");
    b.type = "button";
    b.className = "plain";
    b.textContent = "Copy";
    b.addEventListener("click", function () {
      navigator.clipboard.writeText(text.textContent).then(function () {
        b.textContent = "Copied";
        setTimeout(function () { b.textContent = "Copy"; }, 2000);
      }, function () { b.textContent = "Could not copy"; });
    });
    box.appendChild(b);
  });
})();
