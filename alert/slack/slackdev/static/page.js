// Switches the user at once and takes in what is new, unless somebody is in the middle of something.
"use strict";
const user = document.getElementById("user");
if (user) user.addEventListener("change", () => user.form.requestSubmit());

const busy = () => document.querySelector(".shade, details[open], select:focus, textarea:focus");
let pending = false;
async function refresh() {
  if (pending || busy()) return;
  pending = true;
  try {
    const answer = await fetch(location.pathname + location.search);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (busy()) return;
    const y = scrollY;
    for (const part of ["nav ul", "main .messages", "aside .messages"]) {
      const old = document.querySelector(part), fresh = next.querySelector(part);
      if (old && fresh) old.replaceWith(fresh);
    }
    scrollTo(0, y);
  } finally {
    pending = false;
  }
}
let timer;
let first = true;
new EventSource("/events").addEventListener("message", () => {
  if (first) { first = false; return; }
  clearTimeout(timer);
  timer = setTimeout(refresh, 300);
});
