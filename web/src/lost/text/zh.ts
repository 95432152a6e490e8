// Chinese, when a file of the page is lost. See en.ts.
export const text = {
  title: "本页面未能完整加载。",
  help: "其中一部分未能从您的服务器传来。如重新加载无效，请告知技术人员。",
  again: "重新加载",
};
