{{/* What an object of a service is called. Takes the root and the service's name. */}}
{{- define "system.fullname" -}}
{{ printf "%s-%s" .root.Release.Name .name }}
{{- end }}

{{/* The labels by which pods are selected. Takes the root and the service's name. */}}
{{- define "system.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* The labels of every object. Takes the root and the service's name. */}}
{{- define "system.labels" -}}
{{ include "system.selector" . }}
app.kubernetes.io/part-of: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Values.managedBy }}
{{- end }}

{{/* What changes when a setting does. Takes the root. */}}
{{- define "system.configDigest" -}}
{{- $text := "" }}
{{- range $name, $value := .Values.settings }}
{{- $text = printf "%s%d:%s%d:%s" $text (len $name) $name (len $value) $value }}
{{- end }}
{{- sha256sum $text }}
{{- end }}
