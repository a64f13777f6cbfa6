// The Predict form while its file is on the way: a bar, and a word before a file that is too large is sent at all.
// Without this file the form is an ordinary one.
"use strict";

for (const form of document.querySelectorAll("form[data-upload]")) {
  const region = form.querySelector("[data-upload-progress]");
  const bar = region.querySelector("progress");
  const text = region.querySelector("[data-upload-text]");
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  const limit = Number(form.dataset.maxBytes);

  const input = form.querySelector("input[type=file]");

  const finish = () => {
    region.hidden = true;
    button.disabled = false;
    button.textContent = label;
  };

  form.addEventListener("htmx:confirm", (event) => {
    const file = input.files[0];
    if (!file || file.size <= limit) return;
    event.preventDefault();
    const size = Math.ceil(file.size / 1048576);
    showMessage(`The file has ${size} MB; ${form.dataset.maxMb} MB is the most. Split it, or leave out columns.`);
  });
  // A file that is dropped beside the field would open in the browser, and the page would be gone.
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("dropping");
  });
  form.addEventListener("dragleave", () => form.classList.remove("dropping"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("dropping");
    if (event.dataTransfer.files.length === 1) input.files = event.dataTransfer.files;
    else showMessage("One file is read at a time. Drop only that one.");
  });
  form.addEventListener("htmx:beforeRequest", () => {
    bar.value = 0;
    region.hidden = false;
  });
  form.addEventListener("htmx:xhr:progress", (event) => {
    if (!event.detail.lengthComputable) return;
    const share = event.detail.loaded / event.detail.total;
    bar.value = 100 * share;
    text.textContent = share < 1 ? `Sending the file… ${Math.floor(100 * share)} %` : "Checking every row…";
    if (share === 1) bar.removeAttribute("value");
  });
  form.addEventListener("htmx:afterRequest", finish);
}
