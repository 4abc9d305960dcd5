exports.handler = async (event, context) => {
  if (event.fail) throw new TypeError("on purpose");
  return { event, id: context.awsRequestId };
};
