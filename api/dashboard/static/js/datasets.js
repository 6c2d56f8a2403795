// Uploads a file as a new version of a dataset, in one request that says how far it is.
const form = document.getElementById("upload");
const file = document.getElementById("upload-file");
const name = document.getElementById("upload-name");
const bar = document.getElementById("upload-progress");
const problem = document.getElementById("upload-problem");

function proposed(filename) {
  return filename.toLowerCase().replace(/(\.[a-z0-9]{1,8}){1,2}$/, "").replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+/, "").slice(0, 63);
}

function show(fraction) {
  bar.hidden = fraction === null;
  bar.value = fraction ?? 0;
  form.querySelector("button").disabled = fraction !== null;
}

function refusal(request) {
  try {
    const found = JSON.parse(request.responseText);
    return [found.detail, ...(found.errors ?? []).map((one) => one.message)].join(" ");
  } catch {
    return `The server answered ${request.status}.`;
  }
}

// fetch does not say how much has been sent.
function put(path, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", path);
    request.upload.addEventListener("progress", (event) => show(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? resolve(JSON.parse(request.responseText)) : reject(new Error(refusal(request)))));
    request.addEventListener("error", () => reject(new Error("The server does not answer. Nothing was kept; upload it again.")));
    request.send(body);
  });
}

file?.addEventListener("change", () => {
  if (!name.value && file.files.length > 0) name.value = proposed(file.files[0].name);
});

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [chosen] = file.files;
  problem.textContent = "";
  show(0);
  try {
    const made = await put(`/api/v1/datasets/${encodeURIComponent(name.value)}?filename=${encodeURIComponent(chosen.name)}`, chosen);
    location.assign(`/datasets/${made.dataset}?version=${made.version}`);
  } catch (error) {
    problem.textContent = error.message;
  } finally {
    show(null);
  }
});
