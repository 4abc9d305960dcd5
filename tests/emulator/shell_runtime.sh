#!/bin/sh
# A runtime as the documentation's tutorial has it: a loop of curl. An event that holds "fail" is an error.
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-walkthrough.html
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
while event=$(curl -sS -L -D "$headers" "$api/invocation/next"); do
    id=$(sed -n 's/^lambda-runtime-aws-request-id: *\([^[:space:]]*\).*/\1/Ip' "$headers")
    echo "handling $id"
    case $event in
    *fail*)
        curl -sS -X POST "$api/invocation/$id/error" -H 'Lambda-Runtime-Function-Error-Type: Shell.Failed' \
            -d '{"errorMessage":"no","errorType":"Shell.Failed"}' >/dev/null ;;
    *)
        curl -sS -X POST "$api/invocation/$id/response" -d "{\"shell\":$event}" >/dev/null ;;
    esac
done
