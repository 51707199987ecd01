// A frame of Airflow's UI may not move the window; a link of the window's own may.
const link = parent.document.createElement("a");
link.href = document.querySelector("a").href;
link.click();
